import { createHash } from 'node:crypto';
import type { Stamp } from '../contract/index.ts';

/** What is remembered of a file: by its stamp it counts as unchanged, and `chunks` (n × 36: id, u32 length) is its content. */
export interface CachedFile extends Stamp {
  readonly chunks: Uint8Array;
  /** Who saw that there is nothing more to it than its stamp and what else `lstat` tells; `NOBODY` where there may be. */
  readonly plainFor: number;
}

export const NOBODY = 0;

/** Files by name; a name is raw bytes, written as Latin-1. */
export type CachedFiles = ReadonlyMap<string, CachedFile>;

/**
 * One folder's files as a blob. Integers are little-endian:
 *
 *     checksum   16   the first half of SHA-256 over context ‖ everything after the checksum
 *     version     1   1
 *     count       4
 *     count times, in no particular order:
 *       name length 2 | name | size 8 | mtime 8 | ctime 8 | inode 8 | device 8 | plain for 4 | chunk count 4 | chunks, 36 each
 *
 * Times are nanoseconds since 1970; times, inode and device are signed 64 bits, as `lstat` gives them. `context` is the place
 * the record belongs to (generation and path): a record that turned up in another row does not count either. The sum is
 * a strong one since a wrong record would not be noticed before a restore.
 */
const VERSION = 2;
const CHECKSUM_BYTES = 16;
const FIXED_BYTES = 2 + 8 + 4 * 8 + 4 + 4;
const CHUNK_BYTES = 36;
const HIGH = 0x1_0000_0000;

/** The record of a folder. `chunks` must be whole references, names below 64 KiB: a RangeError otherwise. */
export function encodeFolder(files: CachedFiles, context: Uint8Array): Uint8Array {
  let length = CHECKSUM_BYTES + 5;
  for (const [name, file] of files) length += FIXED_BYTES + name.length + file.chunks.length;
  const bytes = Buffer.allocUnsafe(length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  view.setUint8(CHECKSUM_BYTES, VERSION);
  view.setUint32(CHECKSUM_BYTES + 1, files.size, true);
  let at = CHECKSUM_BYTES + 5;
  for (const [name, file] of files) {
    if (file.chunks.length % CHUNK_BYTES !== 0 || name.length > 0xffff) throw new RangeError('not a file of a tree');
    view.setUint16(at, name.length, true);
    at += 2 + bytes.write(name, at + 2, 'latin1');
    view.setUint32(at, file.size % HIGH, true);
    view.setUint32(at + 4, Math.floor(file.size / HIGH), true);
    view.setBigInt64(at + 8, file.mtimeNs, true);
    view.setBigInt64(at + 16, file.ctimeNs, true);
    view.setBigInt64(at + 24, file.inode, true);
    view.setBigInt64(at + 32, file.device, true);
    view.setUint32(at + 40, file.plainFor, true);
    view.setUint32(at + 44, file.chunks.length / CHUNK_BYTES, true);
    bytes.set(file.chunks, at + 48);
    at += 48 + file.chunks.length;
  }
  bytes.set(checksum(bytes, context));
  return bytes;
}

/** The files of a record; undefined when it is damaged, of another version, or of another place. Chunks are views on `bytes`. */
export function decodeFolder(bytes: Uint8Array, context: Uint8Array): Map<string, CachedFile> | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < CHECKSUM_BYTES + 5 || buffer[CHECKSUM_BYTES] !== VERSION) return undefined;
  if (checksum(buffer, context).compare(buffer, 0, CHECKSUM_BYTES) !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const files = new Map<string, CachedFile>();
  let at = CHECKSUM_BYTES + 5;
  // Nothing below can go wrong after the checksum held; what encodeFolder wrote is in bounds.
  for (let left = view.getUint32(CHECKSUM_BYTES + 1, true); left > 0; left--) {
    const nameEnd = at + 2 + view.getUint16(at, true);
    const name = buffer.toString('latin1', at + 2, nameEnd);
    const chunksEnd = nameEnd + 48 + view.getUint32(nameEnd + 44, true) * CHUNK_BYTES;
    files.set(name, {
      size: view.getUint32(nameEnd, true) + view.getUint32(nameEnd + 4, true) * HIGH,
      mtimeNs: view.getBigInt64(nameEnd + 8, true),
      ctimeNs: view.getBigInt64(nameEnd + 16, true),
      inode: view.getBigInt64(nameEnd + 24, true),
      device: view.getBigInt64(nameEnd + 32, true),
      plainFor: view.getUint32(nameEnd + 40, true),
      chunks: bytes.subarray(nameEnd + 48, chunksEnd),
    });
    at = chunksEnd;
  }
  return files;
}

function checksum(bytes: Buffer, context: Uint8Array): Buffer {
  return createHash('sha256')
    .update(context)
    .update(bytes.subarray(CHECKSUM_BYTES))
    .digest()
    .subarray(0, CHECKSUM_BYTES);
}
