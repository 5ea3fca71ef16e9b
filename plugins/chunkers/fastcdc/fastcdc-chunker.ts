import { bytesOf, type Chunker, fail } from 'holdfast/plugin';
import { gearTable } from './gear-table.ts';
import { type FastcdcOptions, GREATEST_BYTES, LEAST_BYTES } from './options.ts';

/**
 * FastCDC (Xia et al., USENIX ATC 2016; IEEE TPDS 2020) with a keyed gear table and normalised chunking of level 2.
 *
 * The hash of a position is the gear hash of the bytes before it, h = (h << 1) + gear[byte] modulo 2^32, begun with 0 at
 * `min` bytes; what is before `min` is skipped. A chunk ends after the first byte whose hash has zeros in its highest
 * log2(avg) + 2 bits, or, from `avg` bytes on, in its highest log2(avg) − 2 bits; at the latest it ends at `max`.
 * The highest bits are the ones that as many as 32 bytes of content have had a part in.
 */
export class FastcdcChunker implements Chunker {
  readonly maxBytes: number;
  readonly #min: number;
  readonly #avg: number;
  readonly #beforeAvg: number;
  readonly #afterAvg: number;
  readonly #gear: Int32Array;
  #hash = 0;

  constructor(options: FastcdcOptions, key: Uint8Array) {
    const { min, avg, max } = checkedSizes(options);
    this.maxBytes = max;
    this.#min = min;
    this.#avg = avg;
    const bits = Math.round(Math.log2(avg));
    this.#beforeAvg = highestBits(bits + 2);
    this.#afterAvg = highestBits(bits - 2);
    this.#gear = gearTable(key);
  }

  cut(window: Uint8Array, end: boolean): number {
    const most = Math.min(window.length, this.maxBytes);
    const whole = end || most === this.maxBytes;
    if (most > this.#min) {
      const middle = Math.min(most, this.#avg);
      this.#hash = 0;
      const length =
        this.#scan(window, this.#min, middle, this.#beforeAvg) || this.#scan(window, middle, most, this.#afterAvg);
      if (length > 0) return length;
    }
    return whole ? most : 0;
  }

  /** The position after the first byte in [from, to) whose hash is 0 under `mask`; 0 when there is none. */
  #scan(window: Uint8Array, from: number, to: number, mask: number): number {
    const gear = this.#gear;
    let hash = this.#hash | 0;
    let at = from;
    // Four bytes a turn: 1.7 times as fast as one. The casts are free: no index leaves its array.
    for (const last = to - 3; at < last; at += 4) {
      hash = ((hash << 1) + (gear[window[at] as number] as number)) | 0;
      if ((hash & mask) === 0) return at + 1;
      hash = ((hash << 1) + (gear[window[at + 1] as number] as number)) | 0;
      if ((hash & mask) === 0) return at + 2;
      hash = ((hash << 1) + (gear[window[at + 2] as number] as number)) | 0;
      if ((hash & mask) === 0) return at + 3;
      hash = ((hash << 1) + (gear[window[at + 3] as number] as number)) | 0;
      if ((hash & mask) === 0) return at + 4;
    }
    for (; at < to; at++) {
      hash = ((hash << 1) + (gear[window[at] as number] as number)) | 0;
      if ((hash & mask) === 0) return at + 1;
    }
    this.#hash = hash;
    return 0;
  }
}

function highestBits(count: number): number {
  return -1 << (32 - count);
}

function checkedSizes(options: FastcdcOptions): { min: number; avg: number; max: number } {
  const [min, avg, max] = [bytesOf(options.min), bytesOf(options.avg), bytesOf(options.max)];
  if (LEAST_BYTES <= min && min <= avg && avg <= max && max <= GREATEST_BYTES) return { min, avg, max };
  return fail({
    code: 'OPTIONS_INVALID',
    message: `fastcdc: min ${min}, avg ${avg} and max ${max} bytes do not ascend between ${LEAST_BYTES} and ${GREATEST_BYTES}`,
    origin: 'policy',
    permanent: true,
    hint: 'Leave them out, or keep their proportion: 256KiB, 1MiB, 4MiB.',
  });
}
