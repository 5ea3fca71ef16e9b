import { constants } from 'node:buffer';
import { type Bytes, fail } from 'holdfast/plugin';
import { isNull, readField, writeField } from './copy-field.ts';
import { CopyRows, type Replacer } from './copy-rows.ts';
import { FieldLetters } from './field-letters.ts';
import type { Column, Replacement } from './replacement.ts';

/** A table whose rows are restored. */
export interface MaskedTable {
  readonly database: string;
  readonly schema: string;
  readonly table: string;
  /** As COPY has them, in that order. */
  readonly columns: readonly Column[];
  /** The tables that it is a partition or a child of. */
  readonly ancestors?: readonly { readonly schema: string; readonly table: string }[];
  /** Of the database, as the server calls it; absent: UTF8. The rows are in it. */
  readonly encoding?: string;
}

/** What became of a column's values. */
export interface ColumnCount {
  readonly column: string;
  readonly with: string;
  /** Values that something else stands for; with an expression, rows. */
  values: number;
  /** NULLs, which stayed. */
  nulls: number;
  /** Values that came out as they were: there was nothing to replace in them, or it became itself by chance. */
  same: number;
}

export interface ColumnReplacement {
  readonly with: string;
  /** `table, column` of the rule as it is written, for people. */
  readonly rule: string;
  readonly replacement: Replacement;
}

/** A column whose values the server makes. */
export interface ColumnExpression {
  readonly column: string;
  readonly expression: string;
  /** As {@link ColumnReplacement} has it. */
  readonly rule: string;
}

const NULL = '\\N';

/** Masks the rows of one table on their way. */
export class TableMask {
  /** By column, in the order of the table's. */
  readonly masked: readonly ColumnCount[];
  /**
   * Columns whose values the server makes: their fields are NULL, so that the rows go into a temporary table first, whose columns
   * may be, and from there into their own with `expression` selected instead of the column.
   */
  readonly expressions: readonly ColumnExpression[];
  /** Columns whose values read back are not what was sent: with the text that was, or without one where an expression made them. */
  readonly madeByServer: readonly { readonly column: string; readonly type: string; readonly text?: string }[];
  readonly #table: MaskedTable;
  readonly #replacements: ReadonlyMap<string, ColumnReplacement>;

  constructor(table: MaskedTable, replacements: ReadonlyMap<string, ColumnReplacement>) {
    this.#table = table;
    this.#replacements = replacements;
    const chosen = [...replacements].map(([column, one]) => ({ column, ...one }));
    this.masked = chosen.map(({ column, with: way }) => ({ column, with: way, values: 0, nulls: 0, same: 0 }));
    this.expressions = chosen.flatMap(({ column, rule, replacement }) =>
      replacement.kind === 'expression' ? [{ column, rule, expression: replacement.expression }] : [],
    );
    this.madeByServer = table.columns.flatMap(({ name: column, type }) => {
      const replacement = replacements.get(column)?.replacement;
      if (replacement?.kind === 'text') return [{ column, type, text: replacement.text }];
      return replacement?.kind === 'expression' ? [{ column, type }] : [];
    });
  }

  /** `database.schema.table`. */
  get name(): string {
    return nameOf(this.#table);
  }

  /** Rows in, rows out; pieces need not be whole rows. Fails with `MASK_ROWS` when they are not rows of this table. */
  async *apply(data: Bytes): Bytes {
    const rows = new CopyRows(this.name, this.#replacers());
    for await (const piece of data) {
      const masked = rows.push(piece);
      if (masked.length > 0) yield masked;
    }
    const rest = rows.end();
    if (rest.length > 0) yield rest;
  }

  #replacers(): (Replacer | undefined)[] {
    const letters = new FieldLetters(this.#table.encoding ?? 'UTF8');
    const counts = new Map(this.masked.map((count) => [count.column, count]));
    return this.#table.columns.map(({ name }) => {
      const [chosen, count] = [this.#replacements.get(name), counts.get(name)];
      return chosen === undefined || count === undefined ? undefined : replacer(chosen.replacement, count, letters);
    });
  }
}

/** `database.schema.table`, for people. */
export function nameOf({ database, schema, table }: Pick<MaskedTable, 'database' | 'schema' | 'table'>): string {
  return `${database}.${schema}.${table}`;
}

function replacer(replacement: Replacement, count: ColumnCount, letters: FieldLetters): Replacer {
  if (replacement.kind === 'made') return making(replacement.of, count, letters);
  const made = Buffer.from(
    replacement.kind === 'text' ? written(writeField(replacement.text), count, letters) : NULL,
    letters.encoding,
  );
  const always = replacement.kind === 'expression';
  return (field, out) => {
    const stays = !always && isNull(field);
    if (stays) count.nulls++;
    else if (!always && field.equals(made)) count.same++;
    else count.values++;
    if (stays) out.bytes(field, 0, field.length);
    else out.bytes(made, 0, made.length);
  };
}

function making(of: (text: string) => string, count: ColumnCount, letters: FieldLetters): Replacer {
  return (field, out) => {
    if (isNull(field)) {
      count.nulls++;
      out.bytes(field, 0, field.length);
      return;
    }
    if (field.length > constants.MAX_STRING_LENGTH) tooLong(count, field.length);
    const text = letters.read(readField(field, letters.encoding));
    const made = of(text);
    if (made === text) count.same++;
    else count.values++;
    out.text(written(writeField(made), count, letters), letters.encoding);
  };
}

function written(text: string, { column, with: way }: ColumnCount, letters: FieldLetters): string {
  return (
    letters.write(text) ??
    fail({
      code: 'MASK_UNFIT',
      message: `what ${way} makes of column ${column} has letters that the encoding of the database has not`,
      origin: 'policy',
      permanent: true,
      hint: 'use letters that it has, ASCII in any case',
    })
  );
}

function tooLong({ column, with: way }: ColumnCount, length: number): never {
  fail({
    code: 'MASK_TOO_LONG',
    message: `a value of column ${column} is too long for ${way}: ${length} bytes`,
    origin: 'source',
    permanent: true,
    hint: 'mask this column with constant, sql, or null',
  });
}
