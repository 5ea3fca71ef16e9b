import { createHmac } from 'node:crypto';
import { derive } from './permutation.ts';

/** HMAC-SHA-256 of a value in hex, cut to a length. */
export class KeyedHash {
  readonly #key: Uint8Array;
  readonly #length: number;

  constructor(key: Uint8Array, domain: string, length: number) {
    this.#key = derive(key, `holdfast masking 1 hash ${domain}`);
    this.#length = length;
  }

  of(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('hex').slice(0, this.#length);
  }
}
