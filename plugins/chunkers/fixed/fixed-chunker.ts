import { bytesOf, type Chunker, fail } from 'holdfast/plugin';
import { type FixedOptions, GREATEST_BYTES, LEAST_BYTES } from './options.ts';

/** Blocks of one length, so that a page that was changed in place changes one block and moves none. */
export class FixedChunker implements Chunker {
  readonly maxBytes: number;

  constructor(options: FixedOptions) {
    const size = bytesOf(options.size);
    if (!(LEAST_BYTES <= size && size <= GREATEST_BYTES)) {
      fail({
        code: 'OPTIONS_INVALID',
        message: `fixed: a block of ${size} bytes is not between ${LEAST_BYTES} and ${GREATEST_BYTES}`,
        origin: 'policy',
        permanent: true,
      });
    }
    this.maxBytes = size;
  }

  cut(window: Uint8Array, end: boolean): number {
    if (window.length >= this.maxBytes) return this.maxBytes;
    return end ? window.length : 0;
  }
}
