import type { Failure, FileAttributes } from 'holdfast/plugin';
import { type ExtrasAccess, openExtras, type Trouble } from 'holdfast/system';
import { type Attributes, type Given, unset } from './attributes.ts';
import type { Destination } from './destination.ts';
import { type Late, setLate } from './late-extras.ts';
import type { RawPath } from './raw-path.ts';

/** Gives what is restored its extended attributes and flags, in time or afterwards, and tells what it could not be given. */
export class Dressing {
  readonly access: ExtrasAccess = openExtras();
  readonly #attributes: Attributes;
  readonly #tell: (path: RawPath, failure: Failure) => void;
  // Whatever has flags gets them when nothing else is left to do: they may forbid it.
  readonly #flagged = new Map<RawPath, number>();
  // Files that get their extended attributes together, where each would take a process.
  readonly #undressed: Late[] = [];

  constructor(attributes: Attributes, tell: (path: RawPath, failure: Failure) => void) {
    this.#attributes = attributes;
    this.#tell = tell;
  }

  /** Says what was restored, and what it could not be given. */
  lacks(path: RawPath, troubles: readonly Trouble[]): void {
    for (const failure of unset(path, troubles)) this.#tell(path, failure);
  }

  /** Notes the flags that it is to have in the end: `had` says whether it may have others until then. */
  flag(path: RawPath, { flags }: Given, had: boolean): void {
    if (flags !== undefined && (had || flags !== 0)) this.#flagged.set(path, flags);
  }

  /** As the workers take them. What they cannot set is set later, while the mode lets the owner write. */
  fileAttributes(path: RawPath, { mode, mtimeNs, owner, xattrs }: Given): FileAttributes {
    const plain = { ...(mtimeNs === undefined ? {} : { mtimeNs }), ...owner };
    if (xattrs === undefined) return { mode, ...plain };
    if (this.access.by === 'libc') {
      const refused = (xattr: string, code: string) => this.lacks(path, [{ what: { xattr }, code }]);
      return { mode, ...plain, xattrs: { values: xattrs, refused } };
    }
    if (Object.keys(xattrs).length === 0) return { mode, ...plain };
    const writable = this.#attributes.setsOwners ? mode : mode | 0o600;
    this.#undressed.push({ path, extras: { xattrs }, ...(writable === mode ? {} : { mode }) });
    return { mode: writable, ...plain };
  }

  /** What files that were written still lack but for flags. */
  dress(written: (path: RawPath) => boolean, destination: Destination): ReturnType<typeof setLate> {
    const there = this.#undressed.filter(({ path }) => written(path));
    return setLate(there, this.access, destination);
  }

  /** Sets flags, of the deepest first. */
  setFlags(destination: Destination): ReturnType<typeof setLate> {
    const late = [...this.#flagged].map(([path, flags]) => ({ path, extras: { flags } })).reverse();
    return setLate(late, this.access, destination);
  }
}
