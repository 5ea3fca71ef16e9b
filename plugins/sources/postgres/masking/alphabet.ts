import { singleByteLetters } from '../encodings.ts';

/** Characters that take each other's place, as UTF-16 code units: those above U+FFFF share their first unit. */
export interface Alphabet {
  readonly units: Uint16Array;
}

export interface Letter {
  readonly alphabet: Alphabet;
  /** Which of the alphabet it is. */
  readonly index: number;
}

/** Upper case, lower case, letters without case, titles, modifiers, decimal digits: the categories of the Unicode Standard, 4.5. */
const CATEGORIES = [/^\p{Lu}$/u, /^\p{Ll}$/u, /^\p{Lo}$/u, /^\p{Lt}$/u, /^\p{Lm}$/u, /^\p{Nd}$/u];
const PAGE = 256;

/**
 * Which letters beyond ASCII a letter may become: of the same 256 code points and the same category, so that script, case and the
 * number of bytes stay; and only what the encoding of the database has, or the server would refuse it.
 */
export class Alphabets {
  readonly #knows: (text: string) => boolean;
  readonly #asBytes: boolean;
  readonly #letters = new Map<number, Letter | undefined>();

  private constructor(knows: (text: string) => boolean, asBytes: boolean) {
    this.#knows = knows;
    this.#asBytes = asBytes;
  }

  /** No letters beyond ASCII. */
  static readonly ascii = new Alphabets(() => false, false);

  /** `encoding` of a database, as the server calls it. Undefined for one whose letters are not known here: EUC_JP and the like. */
  static of(encoding: string): Alphabets | undefined {
    if (encoding === 'UTF8') return new Alphabets(() => true, false);
    if (encoding === 'SQL_ASCII') return new Alphabets(() => true, true);
    const letters = singleByteLetters(encoding);
    if (letters === undefined) return undefined;
    const all = new Set(letters.slice(128));
    return new Alphabets((letter) => all.has(letter), false);
  }

  /** Undefined for what is no letter and no digit, and for ASCII. */
  find(codePoint: number): Letter | undefined {
    if (codePoint < 0x80) return undefined;
    if (!this.#letters.has(codePoint)) this.#learn(codePoint);
    return this.#letters.get(codePoint);
  }

  /** At most as many are kept as there are letters in Unicode. */
  #learn(codePoint: number): void {
    const category = CATEGORIES.find((one) => one.test(String.fromCodePoint(codePoint)));
    const page = codePoint - (codePoint % PAGE);
    const points = Array.from({ length: PAGE }, (_, i) => page + i).filter(
      this.#asBytes ? (point) => point >= 0x80 && point < 0x100 : (point) => this.#belongs(point, category),
    );
    const alphabet = { units: Uint16Array.from(points, (point) => lastUnit(point)) };
    this.#letters.set(codePoint, undefined);
    if (points.length > 1) for (const [index, point] of points.entries()) this.#letters.set(point, { alphabet, index });
  }

  #belongs(point: number, category: RegExp | undefined): boolean {
    const text = point < 0x80 ? '' : String.fromCodePoint(point);
    return category?.test(text) === true && this.#knows(text);
  }
}

function lastUnit(codePoint: number): number {
  const text = String.fromCodePoint(codePoint);
  return text.charCodeAt(text.length - 1);
}
