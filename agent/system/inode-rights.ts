import { fchmodSync, fchownSync, fstatSync } from 'node:fs';
import { errnoOf } from './system-call-error.ts';

/** Part of what an inode lets somebody do, and what the system may refuse to set, or take off without a word. */
export type InodeRight = 'owner' | 'mode' | 'set-user-id' | 'set-group-id';

const BITS = [
  ['set-user-id', 0o4000],
  ['set-group-id', 0o2000],
] as const;
const SET_ID = 0o6000;

/** By whose programs and files are another user's, or another's by name only. */
export const CAPABILITY = 'security.capability';

// No right to; an id that this namespace or file system does not know; a file system without owners. All else, a full quota for
// one, is a failure of the call.
const REFUSALS = new Set(['EPERM', 'EINVAL', 'EOVERFLOW', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** Gives an open inode its owner and group. Returns the name of the errno where the system will not; throws what else goes wrong. */
export function setOwner(descriptor: number, { uid, gid }: { readonly uid: number; readonly gid: number }) {
  return refusal(() => fchownSync(descriptor, uid, gid));
}

/** Why the system refused to set an owner or a mode: the name of the errno. Throws what else goes wrong. */
export function refusal(set: () => void): string | undefined {
  try {
    set();
    return undefined;
  } catch (error) {
    const code = errnoOf(error);
    if (!REFUSALS.has(code)) throw error;
    return code;
  }
}

/**
 * Sets all 12 bits. Returns what the system would not: the mode, where it has no such call or not this one (FAT, some network and FUSE
 * mounts), and those bits that it took off without saying so (chmod(2), S_ISGID). Throws what else goes wrong. `set`: the call.
 */
export function setMode(descriptor: number, mode: number, set: typeof fchmodSync = fchmodSync): Refused[] {
  const code = refusal(() => set(descriptor, mode));
  const has = code === undefined && (mode & SET_ID) === 0 ? mode : fstatSync(descriptor).mode & 0o7777;
  if (has === mode) return [];
  const missing = setIdsOf(mode & ~has).map((what) => ({ what, code: code ?? 'EPERM' }));
  return code === undefined ? missing : [{ what: 'mode', code }, ...missing];
}

type Xattrs = Readonly<Record<string, Uint8Array>>;

/** What an inode lets others do as its owner. */
export interface Rights {
  readonly mode: number;
  readonly xattrs?: Xattrs;
}

/** An extended attribute or a right that an inode was not given, and the name of the errno. */
export interface Refused {
  readonly what: { readonly xattr: string } | InodeRight;
  readonly code: string;
}

/** What may be given to something whose owner is not the one that is stored: with another, the rest would be rights of another. */
export function withoutRights<T extends Rights>(given: T): T {
  const { mode, xattrs } = given;
  const kept = xattrs === undefined ? {} : { xattrs: withoutCapability(xattrs) };
  return { ...given, mode: mode & ~SET_ID, ...kept };
}

/** What goes with an owner that was not set, for that reason. */
export function lostWithOwner({ mode, xattrs = {} }: Rights, code: string): Refused[] {
  const capability = Object.hasOwn(xattrs, CAPABILITY) ? [{ xattr: CAPABILITY }] : [];
  return [...(['owner', ...setIdsOf(mode)] as const), ...capability].map((what) => ({ what, code }));
}

function setIdsOf(mode: number): ('set-user-id' | 'set-group-id')[] {
  return BITS.flatMap(([name, bit]) => ((mode & bit) === 0 ? [] : [name]));
}

function withoutCapability(xattrs: Xattrs): Xattrs {
  if (!Object.hasOwn(xattrs, CAPABILITY)) return xattrs;
  return Object.fromEntries(Object.entries(xattrs).filter(([name]) => name !== CAPABILITY));
}
