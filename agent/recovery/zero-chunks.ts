import { createHmac } from 'node:crypto';
import { REF_BYTES } from './frame-source.ts';

const ID_BYTES = 32;
/** Of these many lengths the id of zeros is kept: a chunker cuts a hole into chunks of one length, and what is left at its end. */
const LENGTHS = 64;

/**
 * Tells by its reference alone that a chunk is nothing but zeros: its id is the keyed hash of its content. A sparse file of terabytes has
 * so many of them that opening each would take hours.
 */
export class ZeroChunks {
  readonly #idKey: Uint8Array;
  /** By length. */
  readonly #ids = new Map<number, Uint8Array>();

  constructor(idKey: Uint8Array) {
    this.#idKey = idKey;
  }

  /** Whether the reference at `at` is to zeros; only asked, because it costs a hash, of one that stands there twice running. */
  has(refs: Uint8Array, at: number): boolean {
    const ref = refs.subarray(at, at + REF_BYTES);
    const [before, after] = [at - REF_BYTES, at + REF_BYTES].map((other) => refs.subarray(other, other + REF_BYTES));
    if (!isSame(ref, before) && !isSame(ref, after)) return false;
    const length = new DataView(ref.buffer, ref.byteOffset).getUint32(ID_BYTES, true);
    return isSame(ref.subarray(0, ID_BYTES), this.#idOf(length));
  }

  #idOf(length: number): Uint8Array {
    const known = this.#ids.get(length);
    if (known !== undefined) return known;
    if (this.#ids.size >= LENGTHS) this.#ids.clear();
    const id = createHmac('sha256', this.#idKey).update(new Uint8Array(length)).digest();
    this.#ids.set(length, id);
    return id;
  }
}

function isSame(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && Buffer.compare(a, b) === 0;
}
