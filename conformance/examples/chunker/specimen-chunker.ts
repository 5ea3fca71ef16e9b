import type { Chunker } from 'holdfast/plugin';
import type { SpecimenOptions } from './options.ts';

/**
 * Cuts after any four bytes whose product with a number from the key is small. The cut follows the content, so that after an
 * insertion the next cuts are found again; and the key, so that lengths of chunks do not tell what is stored.
 */
export class SpecimenChunker implements Chunker {
  readonly maxBytes: number;
  readonly #least: number;
  readonly #factor: number;
  readonly #threshold: number;

  constructor({ average }: SpecimenOptions, key: Uint8Array) {
    this.maxBytes = 4 * average;
    this.#least = average >> 2;
    // Odd, so that no two words have one product.
    this.#factor = new DataView(key.buffer, key.byteOffset, key.length).getUint32(0) | 1;
    this.#threshold = Math.floor(2 ** 32 / average);
  }

  cut(window: Uint8Array, end: boolean): number {
    const most = Math.min(window.length, this.maxBytes);
    let word = 0;
    for (let at = this.#least - 4; at < most; at++) {
      word = (word << 8) | (window[at] ?? 0);
      if (at >= this.#least && Math.imul(word, this.#factor) >>> 0 < this.#threshold) return at + 1;
    }
    return end || most === this.maxBytes ? most : 0;
  }
}
