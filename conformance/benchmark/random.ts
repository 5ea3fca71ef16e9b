import { noise } from '../kit/samples.ts';

const BLOCK_BYTES = 4096;

/** A stream of numbers that is the same on every machine for the same seed. Not for keys. */
export class Random {
  readonly #seed: number;
  #block: Uint32Array = new Uint32Array(0);
  #at = 0;
  #blocks = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** An integer in [0, limit), limit ≤ 2³². */
  below(limit: number): number {
    if (this.#at === this.#block.length) {
      this.#block = new Uint32Array(noise(this.#seed * 4096 + this.#blocks, BLOCK_BYTES).buffer);
      this.#blocks += 1;
      this.#at = 0;
    }
    const number = this.#block[this.#at] ?? 0;
    this.#at += 1;
    return Math.floor((number / 2 ** 32) * limit);
  }

  /** In [0, limit), small numbers much more often than large ones: how words are used, and how large files are. */
  skewedBelow(limit: number): number {
    return Math.floor(limit ** (this.below(2 ** 32) / 2 ** 32)) - 1;
  }
}
