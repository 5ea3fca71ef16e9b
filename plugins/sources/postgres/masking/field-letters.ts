import { singleByteLetters } from '../encodings.ts';
import type { FieldEncoding } from './copy-field.ts';

/**
 * Letters of a database's fields. They are read byte by byte where its encoding has one for each, or none that is known here (then
 * characters beyond ASCII stand for bytes), and as UTF-8 where it is that.
 */
export class FieldLetters {
  readonly encoding: FieldEncoding;
  /** By byte. */
  readonly #letters: string | undefined;
  readonly #bytes: ReadonlyMap<string, string>;

  /** `encoding` of a database, as the server calls it. */
  constructor(encoding: string) {
    this.encoding = encoding === 'UTF8' ? 'utf8' : 'latin1';
    this.#letters = singleByteLetters(encoding);
    this.#bytes = new Map(Array.from(this.#letters ?? '', (letter, byte) => [letter, String.fromCharCode(byte)]));
  }

  /** What a field means whose bytes were read as `encoding`. */
  read(text: string): string {
    const letters = this.#letters;
    return letters === undefined ? text : text.replaceAll(ALL_BEYOND, (one) => letters.charAt(one.charCodeAt(0)));
  }

  /** The other way; undefined when there is a character that the database has not. */
  write(text: string): string | undefined {
    if (this.encoding === 'utf8' || !BEYOND.test(text)) return text;
    if (this.#letters === undefined) return /[\u0100-\uffff]/.test(text) ? undefined : text;
    const bytes = Array.from(text, (letter) => (letter < '\x80' ? letter : this.#bytes.get(letter)));
    return bytes.includes(undefined) ? undefined : bytes.join('');
  }
}

/** ASCII. */
const BEYOND = /[\u0080-\uffff]/;
const ALL_BEYOND = /[\u0080-\uffff]/g;
