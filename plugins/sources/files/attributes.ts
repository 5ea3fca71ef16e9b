import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lchownSync,
  openSync,
} from 'node:fs';
import type { Meta } from 'holdfast/plugin';
import {
  type ExtrasAccess,
  KEPT_FLAGS,
  lockInode,
  lostWithOwner,
  reachPath,
  refusal,
  setLinkTimes,
  setMode,
  setOwner,
  setTimes,
  setXattrs,
  unlockInode,
  withoutRights,
} from 'holdfast/system';
import type { Kept } from './captured.ts';
import { escapes } from './failure.ts';
import { descriptorPath, O_PATH } from './held-folder.ts';
import { type Lack, UNOWNED } from './lacking.ts';
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

type Owned = Pick<BigIntStats, 'uid' | 'gid'>;

/** What of the stored attributes this process may set. Only root gives files away; others give theirs to groups that they are in. */
export class Attributes {
  readonly #uid = process.geteuid?.() ?? -1;
  readonly #groups = new Set([process.getegid?.() ?? -1, ...(process.getgroups?.() ?? [])]);
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
   * another user here. `stands`: what is to have them already.
   */
  of(meta: Meta, stands?: Owned): Given {
    const { mode, uid, gid, mtimeNs, xattrs = {}, flags } = meta;
    const given = {
      mode,
      mtimeNs,
      ...(this.#extras.xattrs ? { xattrs } : {}),
      ...(this.#extras.flags && flags !== undefined ? { flags: flags & KEPT_FLAGS } : {}),
    };
    return this.#owns(meta, stands) ? { ...given, owner: { uid, gid } } : withoutRights(given);
  }

  #owns({ uid, gid }: Meta, stands: Owned | undefined): boolean {
    if (this.setsOwners || (uid === this.#uid && this.#groups.has(gid))) return true;
    return stands !== undefined && Number(stands.uid) === uid && Number(stands.gid) === gid;
  }

  /** What of it this process does not even try to set. */
  lost(meta: Meta, stands?: Owned): readonly Lack[] {
    if (this.#owns(meta, stands)) return [];
    return lostWithOwner(this.#extras.xattrs ? meta : { mode: meta.mode }, UNOWNED);
  }

  /** For something that is there: it keeps what nobody knows whether it had. */
  onto(meta: Meta, stands: Owned | undefined): Given {
    const { xattrs, flags, ...given } = this.of(meta, stands);
    const knowsXattrs = meta.xattrs !== undefined || this.#kept.has('xattrs');
    const knowsFlags = meta.flags !== undefined || this.#kept.has('flags');
    return {
      ...given,
      ...(xattrs === undefined || !knowsXattrs ? {} : { xattrs }),
      ...(this.#extras.flags && knowsFlags ? { flags: flags ?? 0 } : {}),
    };
  }
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
): Promise<readonly Lack[]> {
  const named = { folder: bytesOf(place), name: Buffer.from('.') };
  return setAttributes({ place, named, flags: constants.O_DIRECTORY }, identity, given, access);
}

/** The same of the regular file at `place`, whose content is not touched. */
export function setFileAttributes(
  place: RawPath,
  identity: Identity,
  given: Given,
  access: ExtrasAccess,
): Promise<readonly Lack[]> {
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
): Promise<readonly Lack[]> {
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
  given: Given,
  access: ExtrasAccess,
): Promise<readonly Lack[]> {
  const { owner, mtimeNs } = given;
  // Not where it has them: that alone takes capabilities away.
  const differs = owner !== undefined && (stands.uid !== BigInt(owner.uid) || stands.gid !== BigInt(owner.gid));
  const refusal = differs ? setOwner(opened, owner) : undefined;
  const { mode, xattrs } = refusal === undefined ? given : withoutRights(given);
  const lost = refusal === undefined ? [] : lostWithOwner(given, refusal);
  // One that was there may be closed to its owner's writing, and attributes count as that. Root is not asked.
  if (xattrs !== undefined && (stands.mode & 0o200n) === 0n && process.geteuid?.() !== 0)
    fchmodSync(opened, Number(stands.mode & 0o700n) | 0o200);
  const troubles = xattrs === undefined ? [] : await setOpenXattrs(opened, named, xattrs, access);
  const refused = setMode(opened, mode);
  if (mtimeNs !== undefined) setTimes(opened, mtimeNs);
  return [...lost, ...troubles, ...refused];
}

async function setOpenXattrs(
  opened: number,
  named: ToOpen['named'],
  xattrs: NonNullable<Given['xattrs']>,
  access: ExtrasAccess,
): Promise<readonly Lack[]> {
  if (access.by === 'libc') return setXattrs(opened, xattrs).map(({ xattr, code }) => ({ what: { xattr }, code }));
  const [troubles = []] = await access.set([{ ...named, xattrs }]);
  return troubles;
}

/**
 * Sets owner, extended attributes and times of a link, FIFO or device, and the mode of all but a link, never of what a link points to.
 * Returns what it could not be given.
 */
export async function setLinkAttributes(place: RawPath, given: Given, access: ExtrasAccess): Promise<readonly Lack[]> {
  const { owner, mtimeNs } = given;
  const refused = owner && refusal(() => lchownSync(systemPath(place), owner.uid, owner.gid));
  const { mode, xattrs } = refused === undefined ? given : withoutRights(given);
  const lost = refused === undefined ? [] : lostWithOwner(given, refused);
  const inode = { folder: bytesOf(parentOf(place)), name: bytesOf(nameOf(place)) };
  const [troubles = []] = xattrs === undefined ? [] : await access.set([{ ...inode, xattrs }]);
  const bits = setSpecialMode(place, mode);
  if (mtimeNs !== undefined) setLinkTimes(bytesOf(place), mtimeNs);
  return [...lost, ...troubles, ...bits];
}

/** Of a FIFO or device, which is not opened for that: to open one may do something. A link has no mode of its own. */
function setSpecialMode(place: RawPath, mode: number): readonly Lack[] {
  const held = openSync(systemPath(place), O_PATH | constants.O_NOFOLLOW);
  try {
    const stands = fstatSync(held);
    if (stands.isSymbolicLink() || (stands.mode & 0o7777) === mode) return [];
    return setMode(held, mode, () => chmodSync(descriptorPath(held), mode));
  } finally {
    closeSync(held);
  }
}
