import { fail } from 'holdfast/plugin';
import { BACKSLASH, LINE_FEED, TAB } from './copy-field.ts';
import { Output } from './output.ts';

/** Writes what takes the place of one field. */
export type Replacer = (field: Buffer, out: Output) => void;

/**
 * Rows of COPY's text format, in pieces of any size, some of whose columns are replaced. All others go by as they are, piece by piece; of a
 * column to replace, one field is held at a time. A row that has not as many columns as the table fails, with `MASK_ROWS`: what
 * is counted wrong would let values go by.
 */
export class CopyRows {
  readonly #table: string;
  /** By column; undefined where nothing is replaced. */
  readonly #replacers: readonly (Replacer | undefined)[];
  #column = 0;
  /** The last byte was a backslash that takes the next one along. */
  #escaped = false;
  /** Whether the row has begun. */
  #begun = false;
  /** Of the field to replace that the last piece ended in. */
  #held: Buffer[] = [];

  /** `table`: for messages. */
  constructor(table: string, replacers: readonly (Replacer | undefined)[]) {
    this.#table = table;
    this.#replacers = replacers;
  }

  push(piece: Uint8Array): Uint8Array {
    const buffer = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    const out = new Output(piece.length + (piece.length >> 3) + 64);
    const { length } = buffer;
    let replacer = this.#replacers[this.#column];
    // Where begins what is not in `out` yet: fields that go by, or the one to replace.
    let from = 0;
    let rowEnd = 0;
    let at = this.#escaped ? 1 : 0;
    for (; at < length; at++) {
      const byte = buffer[at] as number;
      if (byte > BACKSLASH) continue;
      if (byte === BACKSLASH) {
        at++;
        continue;
      }
      if (byte !== TAB && byte !== LINE_FEED) continue;
      if (replacer !== undefined) {
        replacer(this.#field(buffer, from, at), out);
        from = at;
      }
      this.#next(byte);
      if (byte === LINE_FEED) rowEnd = at + 1;
      replacer = this.#replacers[this.#column];
      if (replacer === undefined) continue;
      out.bytes(buffer, from, at + 1);
      from = at + 1;
    }
    if (length > 0) {
      this.#escaped = at > length;
      this.#begun = rowEnd < length;
    }
    if (replacer === undefined) out.bytes(buffer, from, length);
    else if (from < length) this.#held.push(Buffer.from(buffer.subarray(from)));
    return out.all;
  }

  /** What remains. A last row need not end in a line feed. */
  end(): Uint8Array {
    const out = new Output(64);
    if (!this.#begun) return out.all;
    if (this.#escaped) this.#invalid('the last one ends in the middle of a character');
    this.#replacers[this.#column]?.(this.#field(Buffer.alloc(0), 0, 0), out);
    this.#next(LINE_FEED);
    return out.all;
  }

  #field(buffer: Buffer, start: number, end: number): Buffer {
    const last = buffer.subarray(start, end);
    const field = this.#held.length === 0 ? last : Buffer.concat([...this.#held, last]);
    if (this.#held.length > 0) this.#held = [];
    // What ends COPY in older protocols is no row, but looks like one of a table with one column.
    if (this.#replacers.length === 1 && field.length === 2 && field[0] === BACKSLASH && field[1] === 0x2e)
      this.#invalid('one is a mark of their end');
    return field;
  }

  #next(separator: number): void {
    if (separator === TAB) {
      if (++this.#column < this.#replacers.length) return;
      this.#invalid('one has more columns');
    }
    if (this.#column !== this.#replacers.length - 1) this.#invalid('one has fewer columns');
    this.#column = 0;
  }

  #invalid(why: string): never {
    fail({
      code: 'MASK_ROWS',
      message: `the stored rows of ${this.#table} are not those of a table with ${this.#replacers.length} columns: ${why}`,
      origin: 'source',
      permanent: true,
      hint: 'nothing of this table was kept; holdfast verify tells whether the repository is whole',
    });
  }
}
