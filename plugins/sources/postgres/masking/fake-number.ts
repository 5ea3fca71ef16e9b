import { type Fake, Scratch, TWEAK } from './fake.ts';
import type { Permutation } from './permutation.ts';

const NUMBER = /^(-?)(\d+)(?:\.(\d*?)(0*))?$/;
/** Greatest values of smallint, integer and bigint, by their number of digits; below zero one more. */
const GREATEST: Readonly<Record<number, readonly [above: string, below: string]>> = {
  5: ['32767', '32768'],
  10: ['2147483647', '2147483648'],
  19: ['9223372036854775807', '9223372036854775808'],
};

/**
 * Numbers for numbers of as many digits: sign, point, zeros at the end behind the point and a zero before it stay, and zero itself. What
 * fits in a smallint, an integer or a bigint becomes what fits there too, and nothing else does: so the same number becomes the same
 * in columns of all these types, and different numbers stay different.
 */
export class FakeNumber implements Fake {
  readonly #permutation: Permutation;
  readonly #scratch = new Scratch();

  constructor(permutation: Permutation) {
    this.#permutation = permutation;
  }

  of(text: string): string {
    const [, sign = '', whole = '', fraction = '', zeros] = NUMBER.exec(text) ?? [];
    if (whole === '' || (whole === '0' && fraction === '')) return text; // NaN, Infinity; zero
    const made = fraction === '' ? this.#whole(whole, sign !== '') : this.#fractional(whole, fraction);
    return zeros === undefined ? `${sign}${made}` : `${sign}${made}${made.includes('.') ? '' : '.'}${zeros}`;
  }

  #whole(digits: string, negative: boolean): string {
    const greatest = GREATEST[digits.length]?.[negative ? 1 : 0];
    const low = greatest !== undefined && digits <= greatest;
    this.#read(digits, low ? Number(greatest[0]) : 9, 10);
    let made = '';
    this.#scratch.walk(this.#permutation, low ? TWEAK.lowNumber : TWEAK.number, () => {
      made = this.#write(9, 10);
      return greatest === undefined || made <= greatest === low;
    });
    return made;
  }

  /** The last digit is no zero and does not become one: 1.5 and 1.50 are the same number. */
  #fractional(whole: string, fraction: string): string {
    const shown = whole === '0' ? '' : whole;
    const first = shown === '' ? 10 : 9;
    this.#read(`${shown}${fraction}`, first, 9);
    this.#permutation.apply(this.#scratch, TWEAK.number);
    const made = this.#write(first, 9);
    return `${shown === '' ? whole : made.slice(0, shown.length)}.${made.slice(shown.length)}`;
  }

  /** The first and the last digit have radices of their own: one below 10 means that they are counted from 1. */
  #read(digits: string, first: number, last: number): void {
    const scratch = this.#scratch;
    scratch.begin(digits.length);
    for (let i = 0; i < digits.length; i++) {
      const radix = radixAt(i, digits.length, first, last);
      scratch.add(digits.charCodeAt(i) - 0x30 - (radix < 10 ? 1 : 0), radix);
    }
  }

  #write(first: number, last: number): string {
    const { length } = this.#scratch;
    let made = '';
    for (let i = 0; i < length; i++) made += this.#scratch.digit(i) + (radixAt(i, length, first, last) < 10 ? 1 : 0);
    return made;
  }
}

function radixAt(at: number, length: number, first: number, last: number): number {
  const radix = at === 0 ? first : 10;
  return at === length - 1 ? Math.min(radix, last) : radix;
}
