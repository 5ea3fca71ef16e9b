import type { Host, OptionDoubt } from 'holdfast/plugin';
import { tablePattern } from './name-pattern.ts';
import type { PostgresOptions } from './options.ts';
import { findDatabases } from './server.ts';
import { addressOf, Session } from './session.ts';

/** What options name and the server has not got. */
export async function optionDoubts(options: PostgresOptions, host: Host): Promise<OptionDoubt[]> {
  const address = addressOf(options.connection);
  await using session = await Session.open(address, host);
  const { databases, closed, idle } = await findDatabases(session, options.databases, undefined);
  const missing = (options.databases ?? []).flatMap((pattern, index): OptionDoubt[] =>
    idle.includes(pattern)
      ? [{ path: ['databases', index], message: `no database is called ${pattern}`, hint: 'see `psql -l`' }]
      : [],
  );
  // Of a database that cannot be looked into, nothing is known.
  if (closed.length > 0 || options.exclude === undefined) return missing;
  const used = new Set<string>();
  const patterns = options.exclude.map((pattern) => ({ pattern, excludes: tablePattern(pattern) }));
  for (const { name: database } of databases) {
    await using inside = await Session.open({ ...address, database }, host);
    const tables = await inside.rows<{ schema: string; table: string }>(
      `SELECT n.nspname AS schema, c.relname AS table FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm')`,
    );
    for (const { pattern, excludes } of patterns)
      if (tables.some((table) => excludes({ database, ...table }))) used.add(pattern);
  }
  const idleTables = options.exclude.flatMap((pattern, index): OptionDoubt[] =>
    used.has(pattern) ? [] : [{ path: ['exclude', index], ...excludesNothing(pattern) }],
  );
  return [...missing, ...idleTables];
}

/** What is said of an `exclude` that no table fits: its rows would be captured all the same. */
export function excludesNothing(pattern: string): Omit<OptionDoubt, 'path'> {
  return {
    message: `exclude: no table fits ${pattern}, so it leaves nothing out`,
    hint: 'look for a misspelt name: `\\dt *.*` in psql lists tables',
  };
}
