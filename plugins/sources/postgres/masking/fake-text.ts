import type { Alphabet, Alphabets } from './alphabet.ts';
import { type Fake, Scratch, TWEAK } from './fake.ts';
import { FakeUuid, isUuid } from './fake-uuid.ts';
import type { Permutation } from './permutation.ts';

const [DIGIT, UPPER, LOWER] = [0x30, 0x41, 0x61];
/** For each ASCII character: the first of those it may become, or 0. */
const FIRST = Uint8Array.from({ length: 128 }, (_, unit) => {
  if (unit >= DIGIT && unit < DIGIT + 10) return DIGIT;
  if (unit >= UPPER && unit < UPPER + 26) return UPPER;
  return unit >= LOWER && unit < LOWER + 26 ? LOWER : 0;
});
/** How many code units are made text at once. */
const PIECE = 1 << 12;

/**
 * Text for text: digits become digits, letters letters of the same case, letters of other scripts those near them in Unicode; anything
 * else stays where it is. Upper and lower case of the same ASCII letters become upper and lower case of the same ones.
 */
export class FakeText implements Fake {
  readonly #permutation: Permutation;
  readonly #alphabets: Alphabets;
  readonly #uuid: FakeUuid;
  readonly #scratch = new Scratch();
  #units = new Uint16Array(256);
  #alphabetAt = new Map<number, Alphabet>();

  constructor(permutation: Permutation, alphabets: Alphabets) {
    this.#permutation = permutation;
    this.#alphabets = alphabets;
    this.#uuid = new FakeUuid(permutation);
  }

  of(text: string): string {
    if (isUuid(text)) return this.#uuid.of(text);
    this.#read(text);
    if (this.#scratch.length === 0) return text;
    let made = '';
    // What is no UUID becomes none, or it could be the same as what one became.
    this.#scratch.walk(this.#permutation, TWEAK.text, () => {
      made = this.#write(text.length);
      return !isUuid(made);
    });
    return made;
  }

  #read(text: string): void {
    const scratch = this.#scratch;
    scratch.begin(text.length);
    if (this.#units.length < text.length || this.#units.length > PIECE)
      this.#units = new Uint16Array(Math.max(text.length, 256));
    if (this.#alphabetAt.size > 0) this.#alphabetAt = new Map();
    const units = this.#units;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      units[i] = unit;
      if (unit >= 0x80) {
        this.#readOther(text, i);
        continue;
      }
      const first = FIRST[unit] as number;
      if (first !== 0) scratch.add(unit - first, first === DIGIT ? 10 : 26);
    }
  }

  /** Of a pair of units the first stays: it counts when the second comes. */
  #readOther(text: string, at: number): void {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit < 0xdc00) return;
    const pair = unit >= 0xdc00 && unit < 0xe000 && at > 0;
    const letter = this.#alphabets.find((pair ? text.codePointAt(at - 1) : unit) as number);
    if (letter === undefined) return;
    this.#alphabetAt.set(at, letter.alphabet);
    this.#scratch.add(letter.index, letter.alphabet.units.length);
  }

  /** Leaves what was read as it is: it may be written again. */
  #write(length: number): string {
    const [units, scratch, others] = [this.#units, this.#scratch, this.#alphabetAt];
    let at = 0;
    for (let i = 0; i < length; i++) {
      const unit = units[i] as number;
      if (unit < 0x80) {
        const first = FIRST[unit] as number;
        if (first !== 0) units[i] = first + scratch.digit(at++);
        continue;
      }
      const alphabet = others.size === 0 ? undefined : others.get(i);
      if (alphabet !== undefined) units[i] = alphabet.units[scratch.digit(at++)] as number;
    }
    return textOf(units, length);
  }
}

function textOf(units: Uint16Array, length: number): string {
  if (length <= PIECE) return String.fromCharCode.apply(null, units.subarray(0, length) as unknown as number[]);
  let text = '';
  for (let at = 0; at < length; at += PIECE)
    text += textOf(units.subarray(at, Math.min(at + PIECE, length)), Math.min(PIECE, length - at));
  return text;
}
