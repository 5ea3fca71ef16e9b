import { fail, type Masked } from 'holdfast/plugin';
import { Alphabets } from './alphabet.ts';
import { FieldLetters } from './field-letters.ts';
import { Replacements } from './replacement.ts';
import { type NamedTable, RuleChoice } from './rule-choice.ts';
import type { ColumnRule, MaskOptions } from './rules.ts';
import { type ColumnReplacement, type MaskedTable, nameOf, TableMask } from './table-mask.ts';

/** Bytes: 128 bits, when they are random. */
const KEY_LENGTH = 16;

/** Masking of a whole restore. Says before anything is written whether all rules can be followed; see MASKING.md for what it is not. */
export class Masking {
  readonly #rules: RuleChoice;
  readonly #replacements: Replacements;
  readonly #alphabets = new Map<string, Alphabets | undefined>();
  readonly #tables: TableMask[] = [];

  private constructor(rules: RuleChoice, replacements: Replacements) {
    this.#rules = rules;
    this.#replacements = replacements;
  }

  /** `key`: the secret that `options.key` refers to. Fails with `MASK_KEY` when a rule needs one and it is absent or short. */
  static open({ rules }: MaskOptions, key: Uint8Array | undefined): Masking {
    const needing = rules
      .flatMap(({ table, columns }) => Object.entries(columns).map(([column, rule]) => ({ table, column, rule })))
      .find(({ rule }) => rule.with === 'hash' || rule.with === 'fake');
    if (needing !== undefined) checkKey(key, `${needing.table}, ${needing.column}: ${needing.rule.with}`);
    return new Masking(new RuleChoice(rules), new Replacements(key ?? new Uint8Array()));
  }

  /**
   * Takes note of which rules mean something in this table, by names alone; which columns they mean. Asked for all tables that are to
   * be restored, it makes {@link idle} the truth.
   */
  match(table: NamedTable): ReadonlyMap<string, ColumnRule> {
    return this.#rules.of(table);
  }

  /** `table, column` of each rule that has decided nothing in any of the tables that were asked for. */
  idle(): readonly string[] {
    return this.#rules.idle();
  }

  /** Fails with `MASK_IDLE` when there is such a rule. */
  refuseIdle(): void {
    const idle = this.idle();
    if (idle.length === 0) return;
    fail({
      code: 'MASK_IDLE',
      message: `masking: nothing that is restored is decided by ${idle.map((one) => `"${one}"`).join('; ')}`,
      origin: 'policy',
      permanent: true,
      hint: 'a misspelled name would let values go unmasked, so nothing was restored: mend the rule or take it out; an earlier rule may mean the same columns',
    });
  }

  /**
   * The mask of a table; undefined when no rule means any of its columns. Call it once a table. Fails with `MASK_UNFIT`, naming each
   * column whose rule its type does not allow: ask for all tables before anything is written.
   */
  forTable(table: MaskedTable): TableMask | undefined {
    const named = { ...table, columns: table.columns.map(({ name }) => name) };
    const chosen = this.match(named);
    if (chosen.size === 0) return undefined;
    const written = this.#rules.written(named);
    const [fit, unfit] = [new Map<string, ColumnReplacement>(), [] as string[]];
    for (const column of table.columns) {
      const rule = chosen.get(column.name);
      if (rule === undefined) continue;
      const encoding = table.encoding ?? 'UTF8';
      const replacement = this.#replacements.of(rule, column, this.#alphabetsOf(encoding));
      if (typeof replacement === 'string') unfit.push(`${column.name}: ${replacement}`);
      else if (replacement.kind === 'text' && !isWritten(replacement.text, encoding))
        unfit.push(`${column.name}: encoding ${encoding} has not all letters of the constant`);
      else fit.set(column.name, { with: rule.with ?? 'null', rule: written.get(column.name) ?? '', replacement });
    }
    if (unfit.length > 0) refuseUnfit(nameOf(table), unfit);
    const mask = new TableMask(table, fit);
    this.#tables.push(mask);
    return mask;
  }

  /** What was masked: by table and column, with what, and how many values; no values. */
  report(): Masked[] {
    return this.#tables.flatMap(({ name: what, masked }) =>
      masked.map(({ column: part, ...count }) => ({ what, part, ...count })),
    );
  }

  #alphabetsOf(encoding: string): Alphabets | undefined {
    if (!this.#alphabets.has(encoding)) this.#alphabets.set(encoding, Alphabets.of(encoding));
    return this.#alphabets.get(encoding);
  }
}

/** Where letters beyond ASCII are not known, those of a policy cannot be written. */
function isWritten(text: string, encoding: string): boolean {
  if (Array.from(text).every((letter) => letter < '\u0080')) return true;
  return (
    Alphabets.of(encoding) !== undefined &&
    encoding !== 'SQL_ASCII' &&
    new FieldLetters(encoding).write(text) !== undefined
  );
}

function checkKey(key: Uint8Array | undefined, rule: string): void {
  if (key !== undefined && key.length >= KEY_LENGTH) return;
  fail({
    code: 'MASK_KEY',
    message:
      key === undefined
        ? `masking needs a key for "${rule}"`
        : `the key of masking is ${key.length} bytes long: whoever guesses it can test guesses of values`,
    origin: 'policy',
    permanent: true,
    hint: `give "key" with the rules: a secret of ${KEY_LENGTH} bytes or more, made by \`openssl rand -base64 32\``,
  });
}

/** Fails with `MASK_UNFIT`. `unfit`: by column, why. */
export function refuseUnfit(table: string, unfit: readonly string[]): never {
  fail({
    code: 'MASK_UNFIT',
    message: `masking cannot do what its rules say with columns of ${table}: ${unfit.join('; ')}`,
    origin: 'policy',
    permanent: true,
    hint: 'use constant, sql, or null for them; nothing was restored',
  });
}
