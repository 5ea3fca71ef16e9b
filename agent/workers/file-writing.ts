import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  ftruncateSync,
  futimesSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs';
import type { Failure, FileAttributes } from '../contract/index.ts';
import type { FileToWrite } from './messages.ts';

const ZERO_RUN = 4096;
const zeros = new Uint8Array(1024 * 1024);

/** Writes a file or a part of one. Runs of zeros are left as holes. What was begun and failed is removed. */
export function writeFile(file: FileToWrite, plain: readonly Uint8Array[]): Failure | undefined {
  const path = Buffer.from(file.path.buffer, file.path.byteOffset, file.path.byteLength);
  const create = file.create ? constants.O_CREAT | constants.O_EXCL : 0;
  let fd: number;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | create, 0o600);
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
    if (file.finish !== undefined) finishFile(fd, file.finish.size, written, file.finish.attributes);
    return undefined;
  } catch (error) {
    rmSync(path, { force: true });
    return writeFailure(path, error);
  } finally {
    closeSync(fd);
  }
}

/** Returns where the last byte that was written ends; undefined when all of it is a hole. */
function writeSparse(fd: number, bytes: Uint8Array, position: number): number | undefined {
  let at = 0;
  let end: number | undefined;
  while (at < bytes.length) {
    const length = Math.min(zeros.length, bytes.length - at);
    const part = bytes.subarray(at, at + length);
    if (length < ZERO_RUN || Buffer.compare(part, zeros.subarray(0, length)) !== 0) {
      for (let done = 0; done < length; ) done += writeSync(fd, part, done, length - done, position + at + done);
      end = position + at + length;
    }
    at += length;
  }
  return end;
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
