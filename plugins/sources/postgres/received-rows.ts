import type { Bytes } from 'holdfast/plugin';
import { CopyOut } from './copy-out.ts';

/** What is held at most, more or less, of what nobody has asked for yet; bytes. */
const HELD_BYTES = 2 ** 20;

/** Rows that a server sends, as a stream: the server waits while nobody takes them. */
export class ReceivedRows {
  readonly copy: CopyOut;
  /** Known when the stream has ended. */
  rows = 0;
  #pieces: Uint8Array[] = [];
  #held = 0;
  #wake: (() => void) | undefined;

  constructor(sql: string) {
    this.copy = new CopyOut(sql, (rows) => this.#keep(rows), true);
  }

  #keep(rows: Uint8Array): void {
    this.#pieces.push(rows);
    this.#held += rows.length;
    if (this.#held >= HELD_BYTES) this.copy.pause();
    this.#wake?.();
  }

  async *data(): Bytes {
    let over = false;
    const ended = this.copy.ended.then((rows) => {
      over = true;
      this.rows = rows;
    });
    ended.catch(() => {});
    while (!over || this.#pieces.length > 0) {
      const pieces = this.#pieces;
      this.#pieces = [];
      this.#held = 0;
      this.copy.resume();
      yield* pieces;
      if (this.#pieces.length > 0) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await Promise.race([promise, ended]);
    }
  }
}
