import { createHash, type Hash, hash } from 'node:crypto';
import type { Bytes } from 'holdfast/plugin';
import type { Digested } from './digested.ts';

const LINE_FEED = 0x0a;
const LANES = 8;

/**
 * Passes rows of COPY's text format on, and tells a digest that is the same in whatever order they come: the SHA-256 of each row, added up in
 * eight numbers of 32 bits. It tells whether a server has the same rows, not whether somebody tried hard to find others.
 */
export function digestedRows(data: Bytes): Digested {
  const sum = new Uint32Array(LANES);
  let bytes = 0;
  let begun: Hash | undefined;
  const add = (digest: Buffer) => {
    for (let i = 0; i < LANES; i++) sum[i] = ((sum[i] ?? 0) + digest.readUInt32LE(4 * i)) >>> 0;
  };
  const push = (piece: Uint8Array) => {
    let from = 0;
    for (let at = piece.indexOf(LINE_FEED); at >= 0; at = piece.indexOf(LINE_FEED, from)) {
      const row = piece.subarray(from, at + 1);
      add(begun === undefined ? hash('sha256', row, 'buffer') : begun.update(row).digest());
      begun = undefined;
      from = at + 1;
    }
    if (from === piece.length) return;
    begun ??= createHash('sha256');
    begun.update(piece.subarray(from));
  };
  async function* passed(): Bytes {
    for await (const piece of data) {
      push(piece);
      bytes += piece.length;
      yield piece;
    }
    if (begun !== undefined) add(begun.digest());
  }
  return {
    data: passed(),
    get bytes() {
      return bytes;
    },
    get sha256() {
      return Buffer.from(sum.buffer).toString('hex');
    },
  };
}
