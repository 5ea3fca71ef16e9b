import { createHash } from 'node:crypto';
import type { Bytes } from 'holdfast/plugin';

/** What went by, known when the stream has ended. */
export interface Digested {
  readonly data: Bytes;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** Passes a stream on, and tells how long it was and what its digest is. */
export function digested(data: Bytes): Digested {
  const hash = createHash('sha256');
  let bytes = 0;
  let sha256 = '';
  async function* passed(): Bytes {
    for await (const part of data) {
      hash.update(part);
      bytes += part.length;
      yield part;
    }
    sha256 = hash.digest('hex');
  }
  return {
    data: passed(),
    get bytes() {
      return bytes;
    },
    get sha256() {
      return sha256;
    },
  };
}
