import {
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  promises as fs,
  fstatSync,
  openSync,
} from 'node:fs';
import type { Failure, Meta } from 'holdfast/plugin';
import {
  type ExtrasAccess,
  KEPT_FLAGS,
  lockInode,
  reachPath,
  setLinkTimes,
  setTimes,
  setXattrs,
  type Trouble,
  unlockInode,
} from 'holdfast/system';
import type { Kept } from './captured.ts';
import { wordsOf } from './extras.ts';
import { attributeFailure, escapes } from './failure.ts';
import { bytesOf, nameOf, parentOf, type RawPath, systemPath } from './raw-path.ts';

/** What something restored is given: of the stored attributes those that this process may set. */
export interface Given {
  readonly mode: number;
  readonly mtimeNs?: bigint;
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** All that it is to have; absent: it keeps what it has. */
  readonly xattrs?: Readonly<Record<string, Uint8Array>>;
  /** The same of the flags in KEPT_FLAGS. They come last of all, by themselves. */
  readonly flags?: number;
}

/** What of the stored attributes this process may set. Only root gives files away. */
export class Attributes {
  readonly #uid = process.geteuid?.() ?? -1;
  readonly #gid = process.getegid?.() ?? -1;
  readonly #extras: Readonly<Record<Kept, boolean>>;
  readonly #kept: ReadonlySet<Kept>;

  constructor({
    extras,
    kept,
  }: { readonly extras: Readonly<Record<Kept, boolean>>; readonly kept: ReadonlySet<Kept> }) {
    this.#extras = extras;
    this.#kept = kept;
  }

  /** Whether every owner is set as it was stored. */
  get setsOwners(): boolean {
    return this.#uid === 0;
  }

  /**
   * For something new. Set-user-id and set-group-id bits and capabilities go only where the owner is the stored one: they would mean
   * another user here.
   */
  of({ mode, uid, gid, mtimeNs, xattrs = {}, flags }: Meta): Given {
    const owned = this.setsOwners || (uid === this.#uid && gid === this.#gid);
    const given = {
      ...(this.#extras.xattrs ? { xattrs: owned ? xattrs : withoutCapability(xattrs) } : {}),
      ...(this.#extras.flags && flags !== undefined ? { flags: flags & KEPT_FLAGS } : {}),
    };
    return owned ? { mode, mtimeNs, owner: { uid, gid }, ...given } : { mode: mode & 0o1777, mtimeNs, ...given };
  }

  /** For something that is there: it keeps what nobody knows whether it had. */
  onto(meta: Meta): Given {
    const { xattrs, flags, ...given } = this.of(meta);
    const knowsXattrs = meta.xattrs !== undefined || this.#kept.has('xattrs');
    const knowsFlags = meta.flags !== undefined || this.#kept.has('flags');
    return {
      ...given,
      ...(xattrs === undefined || !knowsXattrs ? {} : { xattrs }),
      ...(this.#extras.flags && knowsFlags ? { flags: flags ?? 0 } : {}),
    };
  }
}

function withoutCapability(xattrs: NonNullable<Meta['xattrs']>): NonNullable<Meta['xattrs']> {
  return Object.fromEntries(Object.entries(xattrs).filter(([name]) => name !== 'security.capability'));
}

interface Identity {
  readonly inode: bigint;
  readonly device: bigint;
}

/** Sets the attributes of the folder at `place`, when it is still the one of this inode and device. Returns what it could not be given. */
export function setFolderAttributes(
  place: RawPath,
  identity: Identity,
  given: Given,
  access: ExtrasAccess,
): Promise<readonly Trouble[]> {
  const named = { folder: bytesOf(place), name: Buffer.from('.') };
  return setAttributes({ place, named, flags: constants.O_DIRECTORY }, identity, given, access);
}

/** The same of the regular file at `place`, whose content is not touched. */
export function setFileAttributes(
  place: RawPath,
  identity: Identity,
  given: Given,
  access: ExtrasAccess,
): Promise<readonly Trouble[]> {
  const named = { folder: bytesOf(parentOf(place)), name: bytesOf(nameOf(place)) };
  return setAttributes({ place, named, flags: constants.O_NONBLOCK | constants.O_NOCTTY }, identity, given, access);
}

interface ToOpen {
  readonly place: RawPath;
  readonly named: { readonly folder: Uint8Array; readonly name: Uint8Array };
  readonly flags: number;
}

async function setAttributes(
  { place, named, flags }: ToOpen,
  { inode, device }: Identity,
  given: Given,
  access: ExtrasAccess,
): Promise<readonly Trouble[]> {
  using reached = reachPath(bytesOf(place));
  const opened = openSync(reached.path, constants.O_RDONLY | constants.O_NOFOLLOW | flags);
  try {
    const stands = fstatSync(opened, { bigint: true });
    if (stands.ino !== inode || stands.dev !== device) escapes(place, 'something else took its place');
    // One that may not be changed gets its flags again, or others, when all else is done.
    const locks = given.flags === undefined ? 0 : unlockInode(opened);
    try {
      return await giveOpened({ opened, stands, named }, given, access);
    } catch (error) {
      if (locks > 0) lockInode(opened, locks);
      throw error;
    }
  } finally {
    closeSync(opened);
  }
}

async function giveOpened(
  { opened, stands, named }: { opened: number; stands: BigIntStats; named: ToOpen['named'] },
  { owner, mode, mtimeNs, xattrs }: Given,
  access: ExtrasAccess,
): Promise<readonly Trouble[]> {
  // Not where it has them: that alone takes capabilities away.
  if (owner !== undefined && (stands.uid !== BigInt(owner.uid) || stands.gid !== BigInt(owner.gid)))
    fchownSync(opened, owner.uid, owner.gid);
  // One that was there may be closed to its owner's writing, and attributes count as that. Root is not asked.
  if (xattrs !== undefined && (stands.mode & 0o200n) === 0n && process.geteuid?.() !== 0)
    fchmodSync(opened, Number(stands.mode & 0o700n) | 0o200);
  const troubles = xattrs === undefined ? [] : await setOpenXattrs(opened, named, xattrs, access);
  fchmodSync(opened, mode);
  if (mtimeNs !== undefined) setTimes(opened, mtimeNs);
  return troubles;
}

async function setOpenXattrs(
  opened: number,
  named: ToOpen['named'],
  xattrs: NonNullable<Given['xattrs']>,
  access: ExtrasAccess,
): Promise<readonly Trouble[]> {
  if (access.by === 'libc') return setXattrs(opened, xattrs).map(({ xattr, code }) => ({ what: { xattr }, code }));
  const [troubles = []] = await access.set([{ ...named, xattrs }]);
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
  if (mtimeNs !== undefined) setLinkTimes(bytesOf(place), mtimeNs);
  return troubles;
}

/** What was restored without something, as the failures that say so. */
export function unset(path: RawPath, troubles: readonly Trouble[]): readonly Failure[] {
  return troubles.map(({ what, code }) => attributeFailure(wordsOf(what), path, code));
}
