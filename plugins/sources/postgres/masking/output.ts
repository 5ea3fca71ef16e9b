import type { FieldEncoding } from './copy-field.ts';

/** Bytes that are put together, in a buffer that grows. */
export class Output {
  #bytes: Buffer;
  #length = 0;

  /** `expected`: how many bytes there will be, more or less. */
  constructor(expected: number) {
    this.#bytes = Buffer.allocUnsafe(expected);
  }

  bytes(from: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    this.#room(end - start);
    this.#bytes.set(from.subarray(start, end), this.#length);
    this.#length += end - start;
  }

  text(text: string, encoding: FieldEncoding): void {
    this.#room(text.length * (encoding === 'latin1' ? 1 : 3));
    this.#length += this.#bytes.write(text, this.#length, encoding);
  }

  get all(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.all);
    this.#bytes = larger;
  }
}
