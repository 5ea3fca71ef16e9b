import { fail } from 'holdfast/plugin';
import { asking } from './failure.ts';
import type { TableRecord } from './manifest.ts';
import { copyRows, type Loaded, type RowsToLoad, verifyRows } from './restore-rows.ts';
import { type DatabaseRestoreOptions, rowsOf } from './restoring.ts';
import { Session } from './session.ts';
import { quoted } from './sql-name.ts';

/**
 * Gives tables that are there the rows that were captured, all of them in one transaction: who reads meanwhile sees the rows before,
 * and who comes after sees all or none. No trigger runs and no key is looked at row by row, so every foreign key from and to these
 * tables is looked at before the transaction ends.
 */
export async function replaceRows(o: DatabaseRestoreOptions, database: string): Promise<void> {
  const wanted = new Set(o.plan.replace);
  const tables = o.choice.tables.filter(({ artifact }) => wanted.has(artifact));
  await using session = await Session.open({ ...o.address, database }, o.host);
  await asking(`replace the rows of ${tables.length} tables`, async () => {
    await session.run('BEGIN', "SET LOCAL session_replication_role = 'replica'");
    await session.run(
      `LOCK TABLE ${tables.map((table) => `ONLY ${nameOf(table)}`).join(', ')} IN SHARE ROW EXCLUSIVE MODE`,
    );
    const all: { readonly rows: RowsToLoad; readonly loaded: Loaded }[] = [];
    for (const table of tables) {
      await session.run(`DELETE FROM ONLY ${nameOf(table)}`);
      const rows = rowsOf(o, table);
      all.push({ rows, loaded: await copyRows(session, rows, 'any') });
    }
    await checkReferences(session, tables);
    for (const { rows, loaded } of all) await verifyRows(session, rows, loaded);
    await session.run('COMMIT');
  });
}

function nameOf({ schema, table }: TableRecord): string {
  return `${quoted(schema)}.${quoted(table)}`;
}

interface ForeignKeyRow {
  readonly name: string;
  readonly child: string;
  readonly query: string;
}

/** Looks for rows whose foreign key refers to nothing: constraints that match as MATCH SIMPLE does. */
async function checkReferences(session: Session, tables: readonly TableRecord[]): Promise<void> {
  const keys = await session.rows<ForeignKeyRow>(
    `SELECT k.conname AS name, k.conrelid::regclass::text AS child,
       pg_catalog.format('SELECT 1 AS broken FROM %s c WHERE %s AND NOT EXISTS (SELECT FROM %s p WHERE %s) LIMIT 1', k.conrelid::regclass,
         (SELECT string_agg(pg_catalog.format('c.%I IS NOT NULL', a.attname), ' AND ') FROM unnest(k.conkey) AS of(n)
           JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = of.n),
         k.confrelid::regclass,
         (SELECT string_agg(pg_catalog.format('p.%I = c.%I', pa.attname, ca.attname), ' AND ')
           FROM unnest(k.confkey, k.conkey) AS of(p, c)
           JOIN pg_catalog.pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = of.p
           JOIN pg_catalog.pg_attribute ca ON ca.attrelid = k.conrelid AND ca.attnum = of.c)) AS query
     FROM pg_catalog.pg_constraint k
     WHERE k.contype = 'f' AND k.convalidated AND (k.conrelid = ANY ($1::regclass[]) OR k.confrelid = ANY ($1::regclass[]))`,
    [tables.map(nameOf)],
  );
  await session.run('SET LOCAL search_path = pg_catalog');
  for (const { name, child, query } of keys) {
    const [broken] = await session.rows<{ broken: number }>(query);
    if (broken !== undefined)
      fail({
        code: 'RESTORE_REFERENCE',
        message: `with these rows, foreign key ${name} of ${child} would refer to rows that are not there; nothing was changed`,
        origin: 'source',
        permanent: true,
        hint: 'restore the tables on both sides of it, of the same snapshot',
      });
  }
}
