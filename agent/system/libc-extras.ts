import { setImmediate } from 'node:timers/promises';
import type { ExtrasAccess, InodeToRead, InodeToSet, ReadExtras, Trouble, WantedExtras } from './inode-extras.ts';
import { KEPT_FLAGS } from './inode-flags.ts';
import type { Inode, Libc } from './libc.ts';
import { errnoOf } from './system-call-error.ts';
import { textName } from './xattr-name.ts';
import { setXattrsBy } from './xattr-setting.ts';

/** These calls are synchronous: others get their turn after so many milliseconds, on a slow file system. */
const TURN_MS = 10;

/** By calls of the C library, one inode after the other. */
export class LibcExtras implements ExtrasAccess {
  readonly by = 'libc';
  readonly missing = new Map<never, string>();
  readonly #libc: Libc;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  async read(inodes: readonly InodeToRead[], wanted: WantedExtras): Promise<(ReadExtras | undefined)[]> {
    let since = performance.now();
    const found: (ReadExtras | undefined)[] = [];
    for (const inode of inodes) {
      found.push(this.#readOne(inode, wanted));
      if (performance.now() - since < TURN_MS) continue;
      await setImmediate();
      since = performance.now();
    }
    return found;
  }

  async set(inodes: readonly InodeToSet[]): Promise<Trouble[][]> {
    return inodes.map(({ folder, name, xattrs, flags }) => {
      const path = Buffer.concat([folder, SLASH, name]);
      const troubles =
        xattrs === undefined
          ? []
          : setXattrsBy(this.#libc, path, xattrs).map(({ xattr, code }): Trouble => ({ what: { xattr }, code }));
      if (flags !== undefined) troubles.push(...this.#setFlags(path, flags));
      return troubles;
    });
  }

  /** Through a descriptor where one is needed anyway for the flags: that saves the way along the path. */
  #readOne({ path, holder }: InodeToRead, wanted: WantedExtras): ReadExtras | undefined {
    if (!wanted.flags || !holder) return wanted.xattrs ? readXattrs(this.#libc, path) : undefined;
    let descriptor: number;
    try {
      descriptor = this.#libc.open(path);
    } catch (error) {
      return withTrouble(wanted.xattrs ? readXattrs(this.#libc, path) : undefined, error);
    }
    try {
      const read = wanted.xattrs ? readXattrs(this.#libc, descriptor) : undefined;
      return this.#withFlags(read, descriptor);
    } finally {
      this.#libc.close(descriptor);
    }
  }

  #withFlags(read: ReadExtras | undefined, descriptor: number): ReadExtras | undefined {
    try {
      const flags = (this.#libc.inodeFlags(descriptor) ?? 0) & KEPT_FLAGS;
      return flags === 0 ? read : { troubles: [], ...read, flags };
    } catch (error) {
      return withTrouble(read, error);
    }
  }

  #setFlags(path: Uint8Array, flags: number): Trouble[] {
    try {
      const descriptor = this.#libc.open(path);
      try {
        const others = (this.#libc.inodeFlags(descriptor) ?? 0) & ~KEPT_FLAGS;
        this.#libc.setInodeFlags(descriptor, others | (flags & KEPT_FLAGS));
        return [];
      } finally {
        this.#libc.close(descriptor);
      }
    } catch (error) {
      return [{ what: 'flags', code: errnoOf(error) }];
    }
  }
}

const SLASH = Buffer.from('/');

function withTrouble(read: ReadExtras | undefined, error: unknown): ReadExtras {
  return { ...read, troubles: [...(read?.troubles ?? []), { what: 'flags', code: errnoOf(error) }] };
}

/** All extended attributes of an inode that this process may see; undefined when there are none. */
export function readXattrs(libc: Libc, inode: Inode): ReadExtras | undefined {
  let names: readonly string[];
  try {
    names = libc.xattrNames(inode);
  } catch (error) {
    const code = errnoOf(error);
    return code === 'ENOTSUP' ? undefined : { troubles: [{ what: 'xattrs', code }] };
  }
  if (names.length === 0) return undefined;
  const xattrs: Record<string, Uint8Array> = Object.create(null);
  const troubles: Trouble[] = [];
  for (const raw of names) {
    const name = textName(raw);
    try {
      const value = libc.xattr(inode, raw);
      if (value === undefined) continue; // removed since the names were read
      if (name === undefined) troubles.push({ what: { xattr: raw }, code: 'EILSEQ' });
      else xattrs[name] = value;
    } catch (error) {
      troubles.push({ what: { xattr: name ?? raw }, code: errnoOf(error) });
    }
  }
  if (Object.keys(xattrs).length > 0) return { xattrs, troubles };
  return troubles.length > 0 ? { troubles } : undefined;
}
