import type { Permutation, Positions } from './permutation.ts';

/** Gives values of a kind others of the same shape: equal ones for equal ones, different ones for different ones. */
export interface Fake {
  of(text: string): string;
}

/** What is permuted: equal digits of different kinds have nothing to do with each other. All below 2²². */
export const TWEAK = { text: 0, uuid: 1, number: 2, lowNumber: 3, time: 4, years: 8 } as const;

/** Below so many characters the arrays are kept from value to value. */
const KEPT = 1 << 16;

/** The positions of one value after another. */
export class Scratch implements Positions {
  digits = new Uint16Array(256);
  radices = new Uint16Array(256);
  length = 0;

  /** Makes room for a value of so many characters. */
  begin(characters: number): void {
    this.length = 0;
    if (characters <= this.digits.length && this.digits.length <= KEPT) return;
    this.digits = new Uint16Array(Math.max(characters, 256));
    this.radices = new Uint16Array(Math.max(characters, 256));
  }

  add(digit: number, radix: number): void {
    this.digits[this.length] = digit;
    this.radices[this.length++] = radix;
  }

  digit(at: number): number {
    return this.digits[at] as number;
  }

  /**
   * Permutes until what comes is one of those that `fits`, to which the value that it began with must belong. Restricted so, a permutation
   * is one of those that fit (cycle walking: Black, Rogaway 2002). The more of all values fit, the sooner it ends.
   */
  walk(permutation: Permutation, tweak: number, fits: () => boolean): void {
    do permutation.apply(this, tweak);
    while (!fits());
  }
}
