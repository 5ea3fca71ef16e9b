import { fail } from 'holdfast/plugin';
import type { ArchiveEntry } from './archive.ts';
import { columnNames, quotedNames, tableOfCopy } from './copy-columns.ts';
import { codeOf, serverFailure } from './failure.ts';
import type { ColumnExpression, TableMask } from './masking/table-mask.ts';
import type { Session } from './session.ts';

const TEMPORARY = 'pg_temp.holdfast_masked_rows';

/**
 * The way round that the rows of a table take when the server makes values of some columns by expressions: into a temporary table, in
 * which those columns are NULL, and from there into their own. In a transaction of whoever calls.
 */
export class MaskedRows {
  readonly #session: Session;
  readonly #copy: string;
  readonly #mask: TableMask;

  constructor(session: Session, { copy }: ArchiveEntry, mask: TableMask) {
    this.#session = session;
    this.#copy = copy;
    this.#mask = mask;
  }

  async begin(): Promise<void> {
    const columns = quotedNames(this.#copy).join(', ');
    await this.#session.run(
      `CREATE TEMP TABLE ${TEMPORARY.replace('pg_temp.', '')} AS SELECT ${columns} FROM ONLY ${tableOfCopy(this.#copy)} WITH NO DATA`,
    );
  }

  /** What copies into the temporary table what would be copied into the table. */
  copyIn(statement: string): string {
    return statement.replace(tableOfCopy(statement), () => TEMPORARY);
  }

  /** Moves them. An expression that the server refuses is named, with its rule: `POSTGRES_REFUSED`. */
  async end(): Promise<void> {
    const session = this.#session;
    await session.run('SAVEPOINT masked');
    try {
      await session.run(this.#moving());
    } catch (error) {
      if (!OF_EXPRESSIONS.test(codeOf(error))) throw error;
      await session.run('ROLLBACK TO SAVEPOINT masked');
      refuse(this.#mask.name, await this.#guilty(error), error);
    }
    await session.run(`DROP TABLE ${TEMPORARY}`);
  }

  #moving(): string {
    const expressions = new Map(this.#mask.expressions.map((one) => [one.column, one.expression]));
    const quoted = quotedNames(this.#copy);
    const selected = columnNames(this.#copy).map((name, i) => {
      const expression = expressions.get(name);
      return expression === undefined ? quoted[i] : `(${expression}\n)`;
    });
    return `INSERT INTO ${tableOfCopy(this.#copy)} (${quoted.join(', ')}) OVERRIDING SYSTEM VALUE SELECT ${selected.join(', ')} FROM ${TEMPORARY}`;
  }

  /** Which expression it was, as far as can be found out: one that fails by itself, or whose column the server named. */
  async #guilty(error: unknown): Promise<readonly ColumnExpression[]> {
    const { expressions } = this.#mask;
    if (expressions.length === 1) return expressions;
    for (const one of expressions) {
      try {
        await this.#session.run(`SELECT pg_catalog.count((${one.expression}\n)) FROM ${TEMPORARY}`);
      } catch {
        return [one];
      }
    }
    const said = error instanceof Error ? error.message : '';
    const named = expressions.filter(({ column }) => said.includes(`"${column}"`));
    return named.length > 0 ? named : expressions;
  }
}

/** SQLSTATE of what is wrong with a statement or its values, or was raised by what it calls; not of the server or the connection. */
const OF_EXPRESSIONS = /^(0A|21|22|23|2F|38|39|42|P0|XX000)/;

function refuse(table: string, guilty: readonly ColumnExpression[], error: unknown): never {
  const columns = guilty.map(({ column }) => column).join(', ');
  const rules = guilty.map(({ rule }) => `"${rule}"`).join(', ');
  const what = `mask column${guilty.length === 1 ? '' : 's'} ${columns} of ${table} by the expression of rule ${rules}`;
  fail(
    {
      ...serverFailure(error, what),
      code: 'POSTGRES_REFUSED',
      permanent: true,
      hint: 'mend the expression under masks of the source: the server that is restored to says it, and the columns with expressions are NULL in it',
    },
    error,
  );
}
