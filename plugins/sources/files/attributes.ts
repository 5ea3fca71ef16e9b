import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  promises as fs,
  fstatSync,
  futimesSync,
  openSync,
} from 'node:fs';
import type { FileAttributes, Meta } from 'holdfast/plugin';
import { escapes } from './failure.ts';
import { type RawPath, systemPath } from './raw-path.ts';

/** What of the stored attributes this process may set. Only root gives files away. */
export class Attributes {
  readonly #uid = process.geteuid?.() ?? -1;
  readonly #gid = process.getegid?.() ?? -1;

  /** Whether every owner is set as it was stored. */
  get setsOwners(): boolean {
    return this.#uid === 0;
  }

  /** Set-user-id and set-group-id bits go only where the owner is the stored one: they would mean another user here. */
  of({ mode, uid, gid, mtimeNs }: Meta): FileAttributes {
    const owned = this.setsOwners || (uid === this.#uid && gid === this.#gid);
    return owned ? { mode, mtimeNs, uid, gid } : { mode: mode & 0o1777, mtimeNs };
  }
}

interface Identity {
  readonly inode: bigint;
  readonly device: bigint;
}

/** Sets the attributes of the folder at `place`, when it is still the one of this inode and device. */
export function setFolderAttributes(place: RawPath, identity: Identity, wanted: FileAttributes): void {
  setAttributes(place, identity, wanted, constants.O_DIRECTORY);
}

/** Sets the attributes of the regular file at `place`, when it is still the one of this inode and device; content is not touched. */
export function setFileAttributes(place: RawPath, identity: Identity, wanted: FileAttributes): void {
  setAttributes(place, identity, wanted, constants.O_NONBLOCK | constants.O_NOCTTY);
}

function setAttributes(place: RawPath, { inode, device }: Identity, wanted: FileAttributes, flags: number): void {
  const folder = openSync(systemPath(place), constants.O_RDONLY | constants.O_NOFOLLOW | flags);
  try {
    const { ino, dev } = fstatSync(folder, { bigint: true });
    if (ino !== inode || dev !== device) escapes(place, 'something else took its place');
    if (wanted.uid !== undefined && wanted.gid !== undefined) fchownSync(folder, wanted.uid, wanted.gid);
    fchmodSync(folder, wanted.mode);
    if (wanted.mtimeNs !== undefined) futimesSync(folder, seconds(wanted.mtimeNs), seconds(wanted.mtimeNs));
  } finally {
    closeSync(folder);
  }
}

/** Sets owner and times of a link, FIFO or device, never of what a link points to. */
export async function setLinkAttributes(place: RawPath, wanted: FileAttributes): Promise<void> {
  const path = systemPath(place);
  if (wanted.uid !== undefined && wanted.gid !== undefined) await fs.lchown(path, wanted.uid, wanted.gid);
  if (wanted.mtimeNs !== undefined) await fs.lutimes(path, seconds(wanted.mtimeNs), seconds(wanted.mtimeNs));
}

/**
 * A time as Node's `utimes` keeps most of it: to about 0.2 µs (a double), never in another second, before 1970 too. As text,
 * because Node takes a negative number for the present, and a Date only to the millisecond.
 */
export function seconds(ns: bigint): string {
  const rest = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const whole = (ns - rest) / 1_000_000_000n;
  const value = Number(ns) / 1e9;
  return String(Math.floor(value) === Number(whole) ? value : Number(whole) + 0.999_999_5);
}
