import {
  closeSync,
  constants,
  ftruncateSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { type Failure, printablePath } from '../contract/index.ts';
import { dressFile, type Refused } from '../system/index.ts';
import type { FileToWrite } from './messages.ts';

/** Where holes begin and end, on every file system in use; bytes. */
const BLOCK_BYTES = 4096;
const zeros = new Uint8Array(BLOCK_BYTES);

/**
 * Writes a file or a part of one, and gives the file its name with the last part. A file that it made and that failed is removed; a
 * part that failed is its caller's to remove, because others may be writing theirs. An attribute or right that the system will not
 * give it is added to `refused`, and the file is whole without it.
 */
export function writeFile(
  file: FileToWrite,
  plain: readonly Uint8Array[],
  refused: Refused[] = [],
): Failure | undefined {
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
      written = (file.sparse ? writeSparse : writeAll)(fd, bytes, position) ?? written;
      position += bytes.length;
    }
    if (file.finish !== undefined) {
      // Only where a hole is at the end: on some file systems it is the most costly of these calls.
      if (written !== file.finish.size) ftruncateSync(fd, file.finish.size);
      refused.push(...dressFile(fd, file.finish.attributes));
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

/**
 * Leaves out the blocks of the file, or what of them lies in `bytes`, that are zeros. Returns where the last byte that was written ends;
 * undefined when none was.
 */
function writeSparse(fd: number, bytes: Uint8Array, position: number): number | undefined {
  let end: number | undefined;
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    const to = Math.min(bytes.length, at + BLOCK_BYTES - ((position + at) % BLOCK_BYTES));
    if (Buffer.compare(bytes.subarray(at, to), zeros.subarray(0, to - at)) === 0) {
      if (at > from) end = writeAll(fd, bytes.subarray(from, at), position + from);
      from = to;
    }
    at = to;
  }
  return from < bytes.length ? writeAll(fd, bytes.subarray(from), position + from) : end;
}

function writeAll(fd: number, bytes: Uint8Array, position: number): number {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  return position + bytes.length;
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

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function writeFailure(path: Buffer, error: unknown): Failure {
  const { code = 'EUNKNOWN' } = error as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return {
    code: full ? 'RESTORE_FULL' : code === 'EEXIST' ? 'RESTORE_CONFLICT' : 'RESTORE_IO',
    message: `${printablePath(path)} could not be written (${code})`,
    origin: 'target',
    permanent: false,
    ...(full ? { hint: 'free space where you restore to, then run the restore again' } : {}),
  };
}
