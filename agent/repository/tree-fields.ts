import { MAX_FRAME_BYTES } from './frame.ts';
import { CHUNK_REF_BYTES } from './tree-record.ts';

/*
 * Entries as deterministic CBOR, written by hand because a large tree has millions of them. Each is a map with these keys, in
 * this order; `tree-writer.ts` and `tree-reader.ts` share it, and the tests hold both against a general CBOR library.
 */
export const KEY = {
  path: 0,
  kind: 1,
  mode: 2,
  uid: 3,
  gid: 4,
  seconds: 5,
  nanoseconds: 6,
  xattrs: 7,
  size: 8,
  chunks: 9,
  lists: 10,
  target: 11,
  major: 12,
  minor: 13,
  birthSeconds: 14,
  birthNanoseconds: 15,
  flags: 16,
  sparse: 17,
} as const;

/** What stands for `kind`, and for `type` of a special file. Numbers are never used again for another kind. */
export const KINDS = ['directory', 'file', 'symlink', 'hardlink', 'fifo', 'socket', 'char', 'block'] as const;

/** What a symbolic link can point to. */
export function isLinkTarget(target: Uint8Array): boolean {
  return target.length > 0 && !target.includes(0);
}

/** Whether `list` is n × 36 bytes of chunks that are not empty and not too long. Their total length, or -1 when it is not. */
export function totalLength(list: Uint8Array): number {
  if (list.length % CHUNK_REF_BYTES !== 0) return -1;
  let total = 0;
  for (let at = CHUNK_REF_BYTES - 4; at < list.length; at += CHUNK_REF_BYTES) {
    const length =
      (list[at] ?? 0) + (list[at + 1] ?? 0) * 2 ** 8 + (list[at + 2] ?? 0) * 2 ** 16 + (list[at + 3] ?? 0) * 2 ** 24;
    if (length === 0 || length > MAX_FRAME_BYTES) return -1;
    total += length;
  }
  return total;
}
