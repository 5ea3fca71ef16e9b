import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import type { Failure, FileAttributes } from '../contract/index.ts';
import type { FileToWrite } from './messages.ts';

/** Zeros are looked for in steps of this; bytes. */
const HOLE_BYTES = 64 * 1024;
/** A shorter run at the end of a part is not worth a hole. */
const LEAST_HOLE_BYTES = 4096;
const zeros = new Uint8Array(HOLE_BYTES);

/**
 * Writes a file or a part of one, and gives the file its name with the last part. Runs of zeros are left as holes. A file that it made
 * and that failed is removed; a part that failed is its caller's to remove, because others may be writing theirs.
 */
export function writeFile(file: FileToWrite, plain: readonly Uint8Array[]): Failure | undefined {
  const path = bufferOf(file.path);
  const unfinished = bufferOf(file.unfinished);
  const create = file.create ? constants.O_CREAT | constants.O_EXCL : 0;
  let fd: number;
  try {
    fd = openSync(unfinished, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | create, 0o600);
  } catch (error) {
    return writeFailure(path, error);
  }
  try {
    let position = file.position;
    let written = 0;
    for (const bytes of plain) {
      written = writeSparse(fd, bytes, position) ?? written;
      position += bytes.length;
    }
    if (file.finish !== undefined) {
      finishFile(fd, file.finish.size, written, file.finish.attributes);
      publish(unfinished, path);
    }
    return undefined;
  } catch (error) {
    if (file.create) rmSync(unfinished, { force: true });
    return writeFailure(path, error);
  } finally {
    closeSync(fd);
  }
}

/** Leaves runs of zeros out. Returns where the last byte that was written ends; undefined when all of it is a hole. */
function writeSparse(fd: number, bytes: Uint8Array, position: number): number | undefined {
  let end: number | undefined;
  let from = 0;
  for (let at = 0; at <= bytes.length; at += HOLE_BYTES) {
    const part = bytes.subarray(at, at + HOLE_BYTES);
    const isHole = part.length >= LEAST_HOLE_BYTES && Buffer.compare(part, zeros.subarray(0, part.length)) === 0;
    if (!isHole && part.length === HOLE_BYTES) continue;
    const to = isHole ? at : bytes.length;
    if (to > from) end = writeAll(fd, bytes.subarray(from, to), position + from);
    from = at + part.length;
  }
  return end;
}

function writeAll(fd: number, bytes: Uint8Array, position: number): number {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  return position + bytes.length;
}

/** Truncates only where a hole is at the end: on some file systems it is the most costly of these calls. Owner before mode, because changing the owner drops the setuid bit; times last, because writing changes them. */
function finishFile(fd: number, size: number, written: number, attributes: FileAttributes): void {
  if (written !== size) ftruncateSync(fd, size);
  if (attributes.uid !== undefined && attributes.gid !== undefined) fchownSync(fd, attributes.uid, attributes.gid);
  fchmodSync(fd, attributes.mode);
  if (attributes.mtimeNs !== undefined) {
    const mtime = secondsOf(attributes.mtimeNs);
    futimesSync(fd, mtime, mtime);
  }
}

const WITHOUT_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Gives a whole file its name, never in the place of something. link(2) refuses what is taken by itself; FAT and some network and FUSE
 * mounts have no links, and are looked at before. `link` is for tests of those.
 */
export function publish(unfinished: Buffer, path: Buffer, link = linkSync): void {
  try {
    link(unfinished, path);
  } catch (error) {
    if (!WITHOUT_LINKS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
      throw Object.assign(new Error('it is there already'), { code: 'EEXIST' });
    }
    renameSync(unfinished, path);
    return;
  }
  unlinkSync(unfinished);
}

/**
 * A time as Node's `utimes` keeps most of it: to about 0.2 µs (a double), never in another second. As text, because Node takes a
 * negative number for the present, and a Date only to the millisecond.
 */
function secondsOf(ns: bigint): string {
  const rest = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const whole = Number((ns - rest) / 1_000_000_000n);
  const value = Number(ns) / 1e9;
  return String(Math.floor(value) === whole ? value : whole + 0.999_999_5);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function writeFailure(path: Buffer, error: unknown): Failure {
  const { code = 'EUNKNOWN' } = error as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return {
    code: full ? 'RESTORE_FULL' : code === 'EEXIST' ? 'RESTORE_CONFLICT' : 'RESTORE_IO',
    message: `${JSON.stringify(path.toString('utf8'))} could not be written (${code})`,
    origin: 'target',
    permanent: false,
    ...(full ? { hint: 'free space where you restore to, then run the restore again' } : {}),
  };
}
