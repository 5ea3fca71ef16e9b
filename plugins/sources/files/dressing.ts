import type { BigIntStats } from 'node:fs';
import type { FileAttributes, Meta } from 'holdfast/plugin';
import { CAPABILITY, type ExtrasAccess, openExtras, withoutRights } from 'holdfast/system';
import type { Attributes, Given } from './attributes.ts';
import type { Destination } from './destination.ts';
import type { Lack, Lacking } from './lacking.ts';
import { type Late, setLate } from './late-extras.ts';
import type { RawPath } from './raw-path.ts';

/** Gives what is restored its extended attributes and flags, in time or afterwards, and tells what it could not be given. */
export class Dressing {
  readonly access: ExtrasAccess = openExtras();
  readonly #attributes: Attributes;
  readonly #lacking: Lacking;
  // Whatever has flags gets them when nothing else is left to do: they may forbid it.
  readonly #flagged = new Map<RawPath, number>();
  // Files that get their extended attributes together, where each would take a process.
  readonly #undressed: Late[] = [];
  // Of those, the ones that did not get their owner.
  readonly #unowned = new Set<RawPath>();

  constructor(attributes: Attributes, lacking: Lacking) {
    this.#attributes = attributes;
    this.#lacking = lacking;
  }

  /** Says what was restored, and what it could not be given. */
  lacks(path: RawPath, all: readonly Lack[]): void {
    for (const lack of all) this.#lacking.add(path, lack);
  }

  /** Says what of the stored attributes is not even tried. `stands`: what has some of them already. */
  loses(path: RawPath, meta: Meta, stands?: BigIntStats): void {
    this.lacks(path, this.#attributes.lost(meta, stands));
  }

  /** Notes the flags that it is to have in the end: `had` says whether it may have others until then. */
  flag(path: RawPath, { flags }: Given, had: boolean): void {
    if (flags !== undefined && (had || flags !== 0)) this.#flagged.set(path, flags);
  }

  /** As the workers take them. What they cannot set is set later, while the mode lets the owner write. */
  fileAttributes(path: RawPath, { mode, mtimeNs, owner, xattrs }: Given): FileAttributes {
    const lacks: FileAttributes['lacks'] = (what, code) => {
      this.lacks(path, [{ what, code }]);
      if (what === 'owner' && this.access.by === 'tools') this.#unowned.add(path);
    };
    const plain = { ...(mtimeNs === undefined ? {} : { mtimeNs }), ...owner, lacks };
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
    return setLate(
      there.map((late) => (this.#unowned.has(late.path) ? this.#withoutRights(late) : late)),
      this.access,
      destination,
    );
  }

  #withoutRights(late: Late): Late {
    const { mode, xattrs = {} } = withoutRights({ mode: late.mode ?? 0, xattrs: late.extras.xattrs ?? {} });
    if (CAPABILITY in (late.extras.xattrs ?? {}))
      this.lacks(late.path, [{ what: { xattr: CAPABILITY }, code: 'EPERM' }]);
    return { path: late.path, extras: { xattrs }, ...(late.mode === undefined ? {} : { mode }) };
  }

  /** Sets flags, of the deepest first. */
  setFlags(destination: Destination): ReturnType<typeof setLate> {
    const late = [...this.#flagged].map(([path, flags]) => ({ path, extras: { flags } })).reverse();
    return setLate(late, this.access, destination);
  }
}
