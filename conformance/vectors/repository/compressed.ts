import { crc32 } from 'node:zlib';
import { u16, u32 } from './reference-writer.ts';

/*
 * Compressed frames, the same with every version of a library: of blocks that are stored or of one byte again and again, which
 * are written here, and two that libraries made once.
 */

export const poem = Buffer.from('Holdfast keeps what it is given, and gives back what it kept.\n'.repeat(12));

export const zstdPoem = Buffer.from(
  '28b52ffd60e801f501000403486f6c6466617374206b65657073207768617420697420697320676976656e2c20616e6473206261636b6b6570742e0a0300a782500b5155e8ab3c01',
  'hex',
);
export const gzipPoem = Buffer.from(
  '1f8b08000000000000fff3c8cf49494b2c2e51c84e4d2d285628cf482c51c82c51c82c5648cf2c4bcdd35148cc4b01338b15921293b3e10ab2530b4af4b83c46758fea1e12ba0116a47d3ce8020000',
  'hex',
);

const MAGIC = Buffer.from('28b52ffd', 'hex');
const MOST_OF_A_BLOCK = 128 * 1024;

type Block = { readonly raw: Uint8Array } | { readonly byte: number; readonly times: number };

/** One Zstandard frame (RFC 8878, 3.1.1) in a single segment that says it holds `size` bytes. */
export function zstd(size: number, blocks: readonly Block[]): Buffer {
  const written = blocks.map((block, i) => {
    const last = i === blocks.length - 1 ? 1 : 0;
    if ('raw' in block) return Buffer.concat([u32(last | (block.raw.length << 3)).subarray(0, 3), block.raw]);
    return Buffer.concat([u32(last | 2 | (block.times << 3)).subarray(0, 3), Buffer.of(block.byte)]);
  });
  return Buffer.concat([MAGIC, Buffer.of(0xa0), u32(size), ...written]);
}

/** The blocks of `length` bytes that are all `byte`. */
export function run(byte: number, length: number): Block[] {
  const blocks: Block[] = [];
  for (let left = length; left > 0; left -= MOST_OF_A_BLOCK)
    blocks.push({ byte, times: Math.min(left, MOST_OF_A_BLOCK) });
  return blocks;
}

/** A frame whose window is 2^31 bytes, and whose one block stores `raw`. */
export function wideZstd(raw: Uint8Array): Buffer {
  return Buffer.concat([MAGIC, Buffer.of(0, (31 - 10) << 3), u32(1 | (raw.length << 3)).subarray(0, 3), raw]);
}

export const skippable = Buffer.from('502a4d18020000006869', 'hex');

/** One gzip member (RFC 1952) that stores `raw`; `flags` with a file name when there is one. */
export function gzip(raw: Uint8Array, o: { name?: string; crc?: number; size?: number } = {}): Buffer {
  const flags = o.name === undefined ? 0 : 8;
  const name = o.name === undefined ? Buffer.alloc(0) : Buffer.from(`${o.name}\0`);
  return Buffer.concat([
    ...[Buffer.of(0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 255), name],
    ...[Buffer.of(1), u16(raw.length), u16(raw.length ^ 0xffff), raw],
    ...[u32(o.crc ?? crc32(raw)), u32(o.size ?? raw.length)],
  ]);
}
