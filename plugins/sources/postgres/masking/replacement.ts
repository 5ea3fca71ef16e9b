import { Alphabets } from './alphabet.ts';
import { type ColumnType, columnType } from './column-type.ts';
import type { Fake } from './fake.ts';
import { FakeNumber } from './fake-number.ts';
import { FakeText } from './fake-text.ts';
import { FakeTime } from './fake-time.ts';
import { KeyedHash } from './keyed-hash.ts';
import { derive, Permutation } from './permutation.ts';
import type { ColumnRule } from './rules.ts';

export interface Column {
  readonly name: string;
  /** As `format_type()` writes it; of a domain, the type that it is over. */
  readonly type: string;
  readonly nullable: boolean;
}

/** What takes a value's place: the same text for all, NULL, or what is made of each. `expression` makes it on the server, of any value. */
export type Replacement =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'expression'; readonly expression: string }
  | { readonly kind: 'made'; readonly of: (text: string) => string };

/** Of a hash; characters. */
export const DEFAULT_LENGTH = 32;

/** Makes replacements with one key. */
export class Replacements {
  readonly #key: Uint8Array;
  readonly #permutations = new Map<string, Permutation>();

  /** `key` may be empty when no rule needs one. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** A text instead of a replacement says why there cannot be one. `alphabets`: of the database. */
  of(rule: ColumnRule, { type, nullable }: Column, alphabets: Alphabets | undefined): Replacement | string {
    switch (rule.with) {
      case 'null':
      case null:
        return nullable ? { kind: 'null' } : 'it is NOT NULL, and null was asked for';
      case 'constant':
        return { kind: 'text', text: `${rule.value}` };
      case 'sql':
        return { kind: 'expression', expression: rule.expression };
      case 'hash':
        return this.#hash(columnType(type), type, rule.length ?? DEFAULT_LENGTH, rule.domain ?? '');
      case 'fake':
        return this.#fake(columnType(type), type, rule.domain ?? '', alphabets);
    }
  }

  #hash(column: ColumnType, type: string, length: number, domain: string): Replacement | string {
    if (column.kind !== 'text') return `a hash is text, and it is of type ${type}`;
    if (column.length < length) return `a hash of ${length} characters does not fit in ${type}`;
    const hash = new KeyedHash(this.#key, domain, length);
    if (!column.padded) return { kind: 'made', of: (text) => hash.of(text) };
    // The blanks at its end are no part of such a value: it is the same with fewer of them, and the server has them all.
    const { length: padded } = column;
    const blanks = Number.isFinite(padded) ? padded : 0;
    return { kind: 'made', of: (text) => hash.of(text.replace(/ +$/, '')).padEnd(blanks) };
  }

  #fake({ kind }: ColumnType, type: string, domain: string, alphabets: Alphabets | undefined): Replacement | string {
    if (kind === 'other') return `nothing fakes type ${type}`;
    if (alphabets === undefined && kind === 'text') return 'the letters of its encoding are not known here';
    const fake = fakeOf(kind, this.#permutation(domain), alphabets ?? Alphabets.ascii);
    return { kind: 'made', of: (text) => fake.of(text) };
  }

  #permutation(domain: string): Permutation {
    const known = this.#permutations.get(domain);
    if (known !== undefined) return known;
    const made = new Permutation(derive(this.#key, `holdfast masking 1 fake ${domain}`));
    this.#permutations.set(domain, made);
    return made;
  }
}

function fakeOf(kind: 'text' | 'number' | 'uuid' | 'time', permutation: Permutation, alphabets: Alphabets): Fake {
  switch (kind) {
    case 'number':
      return new FakeNumber(permutation);
    case 'time':
      return new FakeTime(permutation);
    case 'text':
    case 'uuid':
      return new FakeText(permutation, alphabets);
  }
}
