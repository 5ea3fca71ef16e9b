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
    for (const bytes of plain) {
      writeSparse(fd, bytes, position);
      position += bytes.length;
    }
    if (file.finish !== undefined) finishFile(fd, file.finish.size, file.finish.attributes);
    return undefined;
  } catch (error) {
    rmSync(path, { force: true });
    return writeFailure(path, error);
  } finally {
    closeSync(fd);
  }
}

function writeSparse(fd: number, bytes: Uint8Array, position: number): void {
  let at = 0;
  while (at < bytes.length) {
    const length = Math.min(zeros.length, bytes.length - at);
    const part = bytes.subarray(at, at + length);
    if (length < ZERO_RUN || Buffer.compare(part, zeros.subarray(0, length)) !== 0) {
      for (let done = 0; done < length; ) done += writeSync(fd, part, done, length - done, position + at + done);
    }
    at += length;
  }
}

/** Owner before mode, because changing the owner drops the setuid bit; times last, because writing changes them. */
function finishFile(fd: number, size: number, attributes: FileAttributes): void {
  ftruncateSync(fd, size);
  if (attributes.uid !== undefined && attributes.gid !== undefined) fchownSync(fd, attributes.uid, attributes.gid);
  fchmodSync(fd, attributes.mode);
  if (attributes.mtimeNs !== undefined) {
    const mtime = secondsOf(attributes.mtimeNs);
    futimesSync(fd, mtime, mtime);
  }
}

/** Whole microseconds, rounded down, as far as a double carries them: never into another second. Negative times need a Date. */
function secondsOf(ns: bigint): number | Date {
  if (ns < 0n) return new Date(Number(ns / 1_000_000n));
  return Number(ns / 1000n) / 1e6;
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
