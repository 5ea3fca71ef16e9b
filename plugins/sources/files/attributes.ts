import { closeSync, constants, fchmodSync, fchownSync, promises as fs, fstatSync, openSync } from 'node:fs';
import type { Failure, Meta } from 'holdfast/plugin';
import { type ExtrasAccess, setLinkTimes, setTimes, setXattrs, type Trouble } from 'holdfast/system';
import { wordsOf } from './extras.ts';
import { attributeFailure, escapes } from './failure.ts';
import { bytesOf, nameOf, parentOf, type RawPath, systemPath } from './raw-path.ts';

/** What something restored is given: of the stored attributes those that this process may set. Flags come last of all, by themselves. */
export interface Given {
  readonly mode: number;
  readonly mtimeNs: bigint;
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** All that it is to have; absent: it keeps what it has. */
  readonly xattrs?: Readonly<Record<string, Uint8Array>>;
}

/** What of the stored attributes this process may set. Only root gives files away. */
export class Attributes {
  readonly #uid = process.geteuid?.() ?? -1;
  readonly #gid = process.getegid?.() ?? -1;
  readonly #xattrs: boolean;

  constructor({ xattrs }: { readonly xattrs: boolean }) {
    this.#xattrs = xattrs;
  }

  /** Whether every owner is set as it was stored. */
  get setsOwners(): boolean {
    return this.#uid === 0;
  }

  /**
   * Set-user-id and set-group-id bits and capabilities go only where the owner is the stored one: they would mean another user here.
   */
  of({ mode, uid, gid, mtimeNs, xattrs = {} }: Meta): Given {
    const owned = this.setsOwners || (uid === this.#uid && gid === this.#gid);
    const given = this.#xattrs ? { xattrs: owned ? xattrs : withoutCapability(xattrs) } : {};
    return owned ? { mode, mtimeNs, owner: { uid, gid }, ...given } : { mode: mode & 0o1777, mtimeNs, ...given };
  }
}

function withoutCapability(xattrs: NonNullable<Meta['xattrs']>): NonNullable<Meta['xattrs']> {
  return Object.fromEntries(Object.entries(xattrs).filter(([name]) => name !== 'security.capability'));
}

/** Sets the attributes of the folder at `place`, when it is still the one of this inode and device. Returns what it could not be given. */
export async function setFolderAttributes(
  place: RawPath,
  { inode, device }: { readonly inode: bigint; readonly device: bigint },
  { owner, mode, mtimeNs, xattrs }: Given,
  access: ExtrasAccess,
): Promise<readonly Trouble[]> {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const folder = openSync(systemPath(place), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    const { ino, dev } = fstatSync(folder, { bigint: true });
    if (ino !== inode || dev !== device) escapes(place, 'another folder took its place');
    if (owner !== undefined) fchownSync(folder, owner.uid, owner.gid);
    // One that was there may be closed to its owner's writing, and attributes count as that.
    if (xattrs !== undefined) fchmodSync(folder, 0o700);
    const troubles = xattrs === undefined ? [] : await setOpenXattrs(folder, place, xattrs, access);
    fchmodSync(folder, mode);
    setTimes(folder, mtimeNs);
    return troubles;
  } finally {
    closeSync(folder);
  }
}

async function setOpenXattrs(
  folder: number,
  place: RawPath,
  xattrs: NonNullable<Given['xattrs']>,
  access: ExtrasAccess,
): Promise<readonly Trouble[]> {
  if (access.by === 'libc') return setXattrs(folder, xattrs).map(({ xattr, code }) => ({ what: { xattr }, code }));
  const [troubles = []] = await access.set([{ folder: bytesOf(place), name: Buffer.from('.'), xattrs }]);
  return troubles;
}

/** Sets owner, extended attributes and times of a link, FIFO or device, never of what a link points to. Returns what it could not be given. */
export async function setLinkAttributes(
  place: RawPath,
  { owner, mtimeNs, xattrs }: Given,
  access: ExtrasAccess,
): Promise<readonly Trouble[]> {
  if (owner !== undefined) await fs.lchown(systemPath(place), owner.uid, owner.gid);
  const inode = { folder: bytesOf(parentOf(place)), name: bytesOf(nameOf(place)) };
  const [troubles = []] = xattrs === undefined ? [] : await access.set([{ ...inode, xattrs }]);
  setLinkTimes(bytesOf(place), mtimeNs);
  return troubles;
}

/** What was restored without something, as the failures that say so. */
export function unset(path: RawPath, troubles: readonly Trouble[]): readonly Failure[] {
  return troubles.map(({ what, code }) => attributeFailure(wordsOf(what), path, code));
}
