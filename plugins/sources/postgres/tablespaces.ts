import type { ArchiveEntry } from './archive.ts';
import type { Skipped } from './restore-plan.ts';
import type { Session } from './session.ts';
import { unquoted } from './sql-name.ts';

const OF_A_DATABASE = / TABLESPACE = ("(?:[^"]|"")*"|[^\s";]+)/;

/** Those that definitions name and the server does not have. */
export async function missingTablespaces(session: Session, entries: readonly ArchiveEntry[]): Promise<string[]> {
  const named = entries.flatMap(({ tablespace, desc, definition }) => {
    const own = desc === 'DATABASE' ? OF_A_DATABASE.exec(definition)?.[1] : undefined;
    return [tablespace, own === undefined ? '' : unquoted(own)];
  });
  const rows = await session.rows<{ name: string }>(
    'SELECT DISTINCT name FROM unnest($1::text[]) AS of(name) WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_tablespace t WHERE t.spcname = of.name) ORDER BY name',
    [named.filter((name) => name !== '')],
  );
  return rows.map(({ name }) => name);
}

/** `CREATE DATABASE` without the tablespace that it names. */
export function withoutTablespace(definition: string): string {
  return definition.replace(OF_A_DATABASE, '');
}

export function leftToDefault(names: readonly string[]): Skipped[] {
  return names.map((name) => ({
    what: `tablespace ${name}`,
    failure: {
      code: 'RESTORE_TABLESPACE',
      message: 'the server has none of that name: all of the database goes where the server puts it by default',
      origin: 'source',
      permanent: true,
      hint: `CREATE TABLESPACE ${name} LOCATION … before the restore, to have it there`,
    },
  }));
}
