import { namePattern, type TableName, tablePattern } from '../name-pattern.ts';
import type { ColumnRule, MaskRules } from './rules.ts';

/** A table, by names alone. */
export interface NamedTable extends TableName {
  readonly columns: readonly string[];
  /** The tables that it is a partition or a child of. */
  readonly ancestors?: readonly { readonly schema: string; readonly table: string }[];
}

interface Line {
  readonly table: string;
  readonly column: string;
  readonly meansTable: (name: TableName) => boolean;
  readonly meansColumn: (name: string) => boolean;
  readonly rule: ColumnRule;
}

/** Which rule decides what becomes of a column, and which ones have decided nothing yet. */
export class RuleChoice {
  readonly #lines: readonly Line[];
  readonly #used = new Set<Line>();

  constructor(rules: MaskRules) {
    this.#lines = rules.flatMap(({ table, columns }) =>
      Object.entries(columns).map(([column, rule]) => ({
        table,
        column,
        meansTable: tablePattern(table),
        meansColumn: namePattern(column),
        rule,
      })),
    );
  }

  /** The rules of a table's columns, by name; they count as used. */
  of(table: NamedTable): Map<string, ColumnRule> {
    const found = this.#linesOf(table);
    for (const line of found.values()) this.#used.add(line);
    return new Map([...found].map(([column, { rule }]) => [column, rule]));
  }

  /** `table, column` of the rules of a table's columns as they are written, by name. */
  written(table: NamedTable): Map<string, string> {
    return new Map([...this.#linesOf(table)].map(([name, { table, column }]) => [name, `${table}, ${column}`]));
  }

  /** `table, column` of those that have decided nothing. */
  idle(): string[] {
    return this.#lines.filter((line) => !this.#used.has(line)).map(({ table, column }) => `${table}, ${column}`);
  }

  #linesOf({ columns, ancestors = [], ...name }: NamedTable): Map<string, Line> {
    const names = [name, ...ancestors.map((one) => ({ database: name.database, ...one }))];
    const lines = this.#lines.filter(({ meansTable }) => names.some(meansTable));
    const found = new Map<string, Line>();
    for (const column of columns) {
      const line = lines.find(({ meansColumn }) => meansColumn(column));
      if (line !== undefined) found.set(column, line);
    }
    return found;
  }
}
