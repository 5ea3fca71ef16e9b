import type { ArchiveEntry } from './archive.ts';
import type { Session } from './session.ts';

const RELATIONS = new Set(['TABLE', 'VIEW', 'MATERIALIZED VIEW', 'SEQUENCE', 'FOREIGN TABLE', 'INDEX']);
const TYPES = new Set(['TYPE', 'DOMAIN', 'SHELL TYPE']);
const ROUTINES = new Set(['FUNCTION', 'PROCEDURE', 'AGGREGATE']);

/** The `dumpId`s of those definitions whose object the database has already, whatever it looks like there. */
export async function findExisting(session: Session, entries: readonly ArchiveEntry[]): Promise<Set<number>> {
  const found = new Set<number>();
  const ask = async (kinds: (desc: string) => boolean, sql: string, nameOf: (entry: ArchiveEntry) => string) => {
    const asked = entries.filter(({ desc }) => kinds(desc));
    if (asked.length === 0) return;
    const rows = await session.rows<{ i: string }>(
      `SELECT of.i::text AS i FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS of(space, name, i) WHERE ${sql}`,
      [asked.map(({ namespace }) => namespace), asked.map(nameOf)],
    );
    for (const { i } of rows) found.add(asked[Number(i) - 1]?.dumpId ?? -1);
  };
  const tag = (entry: ArchiveEntry) => entry.tag;
  const inSpace = (catalog: string, name: string, space: string) =>
    `EXISTS (SELECT FROM pg_catalog.${catalog} o JOIN pg_catalog.pg_namespace n ON n.oid = o.${space} WHERE n.nspname = of.space AND o.${name} = of.name)`;
  await ask((desc) => RELATIONS.has(desc), inSpace('pg_class', 'relname', 'relnamespace'), tag);
  await ask((desc) => TYPES.has(desc), inSpace('pg_type', 'typname', 'typnamespace'), tag);
  await ask((desc) => desc === 'COLLATION', inSpace('pg_collation', 'collname', 'collnamespace'), tag);
  await ask((desc) => desc === 'SCHEMA', 'EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = of.name)', tag);
  await ask(
    (desc) => desc === 'EXTENSION',
    'EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = of.name)',
    tag,
  );
  await ask(
    (desc) => ROUTINES.has(desc),
    "pg_catalog.to_regprocedure(pg_catalog.format('%I.%s', of.space, of.name)) IS NOT NULL",
    tag,
  );
  return found;
}

/** Whether anybody made anything in it. */
export async function isEmptyDatabase(session: Session): Promise<boolean> {
  const { filled } = await session.row<{ filled: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')
       OR EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public'))
       OR EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata) AS filled`,
  );
  return !filled;
}
