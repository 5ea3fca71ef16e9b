import { createHmac } from 'node:crypto';
import { ChaCha } from './chacha.ts';

/** Spaces of so many values are permuted by a table: exactly, and faster. */
const TABLE_LIMIT = 1 << 16;
const TABLE_POSITIONS = 4;
/** So many tables are kept at once: 8 MiB at most. */
const TABLES = 64;

/** As FF1 has (NIST SP 800-38G); four of random functions are enough for halves as long as those of long values (Luby, Rackoff 1988). */
const ROUNDS = 10;
const LONG_ROUNDS = 4;
/** Values of more positions are long: a half no longer fits in a block. */
const SHORT = 32;

/** Positions of a value: at each a number below its radix. Only the first `length` of both count. */
export interface Positions {
  digits: Uint16Array;
  /** 2 to 512 each. */
  radices: Uint16Array;
  length: number;
}

/**
 * A keyed permutation of all values of one shape, where a shape is a sequence of radices: different values stay different. It is a Feistel
 * network of two halves whose rounds add, position by position, what ChaCha20 or HMAC-SHA-256 make of the other half; small
 * spaces are shuffled in a table (Fisher, Yates). The construction is that of format-preserving encryption, but it is no standard.
 */
export class Permutation {
  readonly #key: Uint8Array;
  readonly #block: ChaCha;
  readonly #tables = new Map<string, Uint16Array>();

  /** `key` has 32 bytes. */
  constructor(key: Uint8Array) {
    this.#key = key;
    this.#block = new ChaCha(derive(key, 'rounds'));
  }

  /** Replaces the digits. Different tweaks, below 2²², are different permutations. */
  apply(value: Positions, tweak: number): void {
    if (value.length === 0) return;
    const size = value.length <= TABLE_POSITIONS ? sizeOf(value) : Number.POSITIVE_INFINITY;
    if (size <= TABLE_LIMIT) this.#lookUp(value, size, tweak);
    else if (value.length <= SHORT && packs(value)) this.#short(value, tweak);
    else this.#long(value, tweak);
  }

  #lookUp({ digits, radices, length }: Positions, size: number, tweak: number): void {
    let index = 0;
    for (let i = 0; i < length; i++) index = index * (radices[i] as number) + (digits[i] as number);
    let found = this.#table(radices.subarray(0, length), size, tweak)[index] as number;
    for (let i = length - 1; i >= 0; i--) {
      const radix = radices[i] as number;
      digits[i] = found % radix;
      found = Math.trunc(found / radix);
    }
  }

  #table(radices: Uint16Array, size: number, tweak: number): Uint16Array {
    const name = `${tweak}:${radices}`;
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const table = Uint16Array.from({ length: size }, (_, i) => i);
    const stream = new ChaCha(derive(this.#key, `table ${name}`));
    for (let i = size - 1; i > 0; i--) {
      if ((size - 1 - i) % 16 === 0) stream.block((size - 1 - i) / 16, 0, 0, 0);
      const other = below(stream.words[(size - 1 - i) % 16] as number, i + 1);
      const held = table[i] as number;
      table[i] = table[other] as number;
      table[other] = held;
    }
    for (const oldest of this.#tables.keys()) {
      if (this.#tables.size < TABLES) break;
      this.#tables.delete(oldest);
    }
    this.#tables.set(name, table);
    return table;
  }

  #short(value: Positions, tweak: number): void {
    const [block, { length }] = [this.#block, value];
    const half = (length + 1) >> 1;
    for (let round = 0; round < ROUNDS; round++) {
      const [from, to] = round % 2 === 0 ? [half, length] : [0, half];
      pack(value, from, to);
      block.block(
        tweak | (length << 22) | (round << 28),
        packed[0] as number,
        packed[1] as number,
        packed[2] as number,
      );
      const start = from === 0 ? half : 0;
      addWords(value, start, from === 0 ? length : half, block.words);
    }
  }

  #long(value: Positions, tweak: number): void {
    const half = (value.length + 1) >> 1;
    for (let round = 0; round < LONG_ROUNDS; round++) {
      const [from, to] = round % 2 === 0 ? [half, value.length] : [0, half];
      const end = from === 0 ? value.length : half;
      const stream = new ChaCha(
        createHmac('sha256', this.#key)
          .update(Uint32Array.of(tweak, value.length, round))
          .update(value.digits.subarray(from, to))
          .digest(),
      );
      for (let at = from === 0 ? half : 0, block = 0; at < end; at += 16, block++) {
        stream.block(block, 0, 0, 0);
        addWords(value, at, Math.min(at + 16, end), stream.words);
      }
    }
  }
}

/** 32 bytes for one purpose. */
export function derive(key: Uint8Array, purpose: string): Uint8Array {
  return createHmac('sha256', key).update(purpose).digest();
}

/** One of 0 … limit − 1 out of 32 random bits; the difference from even odds is below limit / 2³². */
function below(word: number, limit: number): number {
  return (word * limit * 2 ** -32) | 0;
}

function addWords({ digits, radices }: Positions, start: number, end: number, words: Uint32Array): void {
  for (let i = start; i < end; i++) {
    const radix = radices[i] as number;
    const sum = (digits[i] as number) + below(words[i - start] as number, radix);
    digits[i] = sum >= radix ? sum - radix : sum;
  }
}

function sizeOf({ radices, length }: Positions): number {
  let size = 1;
  for (let i = 0; i < length; i++) size *= radices[i] as number;
  return size;
}

const packed = new Uint32Array(3);
/** At which positions of a short value the next word of its half begins. */
const wordBegins = new Uint8Array(SHORT);

/** Digits of a half as words, one-to-one for given radices. Say first that it {@link packs}. */
function pack({ digits, radices }: Positions, from: number, to: number): void {
  let word = 0;
  let at = 0;
  packed.fill(0);
  for (let i = from; i < to; i++) {
    if (wordBegins[i] === 1) {
      packed[at++] = word;
      word = 0;
    }
    word = (Math.imul(word, radices[i] as number) + (digits[i] as number)) | 0;
  }
  packed[at] = word;
}

/** Whether each half fits in as many words as a block has for it; finds out where they begin. */
function packs({ radices, length }: Positions): boolean {
  const half = (length + 1) >> 1;
  let room = 1;
  let words = 1;
  for (let i = 0; i < length; i++) {
    if (i === half) {
      room = 1;
      words = 1;
    }
    const radix = radices[i] as number;
    const full = room * radix > 2 ** 32;
    wordBegins[i] = full ? 1 : 0;
    room = full ? radix : room * radix;
    words += full ? 1 : 0;
    if (words > packed.length) return false;
  }
  return true;
}
