import { fail, type Host } from 'holdfast/plugin';
import { ABOVE, type Ancestors, ancestorsOf } from './ancestors.ts';
import type { Archive } from './archive.ts';
import { asking, codeOf } from './failure.ts';
import { type Address, Session } from './session.ts';

/** A table whose rows can be read, as the snapshot sees it. */
export interface SnapshotTable {
  readonly oid: string;
  readonly dumpId: number;
  readonly schema: string;
  readonly table: string;
  /** `COPY … TO stdout`. */
  readonly copy: string;
  readonly bytes: number;
  /** What it is a partition or a child of, nearest first. */
  readonly ancestors: Ancestors;
}

export interface LockOptions {
  readonly address: Address;
  readonly database: string;
  readonly host: Host;
}

/**
 * Locks the tables that an archive has rows of, in the transaction of the snapshot, and makes sure that they are those that the
 * snapshot sees: what COPY finds by a name is the table and the columns of now.
 */
export async function lockTables(session: Session, o: LockOptions, archive: Archive): Promise<SnapshotTable[]> {
  const { database } = o;
  const data = archive.entries.filter(({ desc, copy }) => desc === 'TABLE DATA' && copy !== '');
  if (data.length === 0) return [];
  const oids = data.map(({ oid }) => oid);
  const tables = await tablesOf(session, oids);
  const locks = data.map(({ oid, tag }) => tables.get(oid)?.name ?? changed(database, tag));
  try {
    await session.run(`LOCK TABLE ${locks.map((name) => `ONLY ${name}`).join(', ')} IN ACCESS SHARE MODE`);
  } catch (error) {
    if (codeOf(error) === '42P01') changed(database, 'a table');
    await asking(`lock the tables of ${database}`, () => Promise.reject(error));
  }
  const then = await shapesOf(session, oids);
  // The transaction sees the catalog of its snapshot: what is there now, another has to say.
  await using other = await Session.open({ ...o.address, database }, o.host);
  const now = await shapesOf(other, oids);
  for (const { oid, tag } of data) if (now.get(oid) !== then.get(oid)) changed(database, tables.get(oid)?.name ?? tag);
  return data.map(({ oid, dumpId, namespace, tag, copy }) => {
    const { condition, name, bytes, ancestors } = tables.get(oid) ?? changed(database, tag);
    return {
      oid,
      dumpId,
      schema: namespace,
      table: tag,
      copy: copyOutOf(copy, name, condition),
      bytes: Number(bytes),
      ancestors,
    };
  });
}

/** By oid, all that decides what COPY reads by the names of a table and its columns: as text, to be compared. */
async function shapesOf(session: Session, oids: readonly string[]): Promise<Map<string, string>> {
  const rows = await session.rows<{ oid: string; shape: string }>(
    `SELECT c.oid::text AS oid, pg_catalog.json_build_array(n.nspname, c.relname, c.relfilenode,
       (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.attnum, a.attname, a.atttypid, a.attisdropped) ORDER BY a.attnum)
         FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0))::text AS shape
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY ($1::oid[])`,
    [oids],
  );
  return new Map(rows.map(({ oid, shape }) => [oid, shape]));
}

/**
 * A snapshot of rows does not protect from what gives a table another file (ALTER TABLE that rewrites it, TRUNCATE, DROP), nor from what
 * gives its name, or that of a column, to another: there are no rows in that one, or NULL, for a snapshot from before.
 */
function changed(database: string, what: string): never {
  fail({
    code: 'POSTGRES_CHANGED',
    message: `in ${database}, ${what} was dropped, emptied or altered while the backup began`,
    origin: 'source',
    permanent: false,
    hint: 'run it again when migrations are done',
  });
}

interface CatalogTable {
  readonly oid: string;
  readonly name: string;
  readonly bytes: string;
  /** Of a table that an extension has: the rows that are not its own, `WHERE …` or nothing. */
  readonly condition: string;
  readonly ancestors: Ancestors;
}

async function tablesOf(session: Session, oids: readonly string[]): Promise<Map<string, CatalogTable>> {
  const rows = await session.rows<CatalogTable>(
    `WITH RECURSIVE ${ABOVE}
     SELECT c.oid::text AS oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
       pg_catalog.pg_table_size(c.oid)::text AS bytes,
       coalesce((SELECT e.extcondition[array_position(e.extconfig, c.oid)] FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)), '') AS condition,
       ${ancestorsOf('c.oid')} AS ancestors
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY ($1::oid[])`,
    [oids],
  );
  return new Map(rows.map((row) => [row.oid, row]));
}

/** pg_dump says how rows go in, `COPY schema.table (columns) FROM stdin;`; so they come out. */
function copyOutOf(copyIn: string, name: string, condition: string): string {
  const out = copyIn.replace(/ FROM stdin;\s*$/, ' TO stdout');
  if (condition === '') return out;
  const [, columns = ''] = /^COPY .*?\((.*)\) TO stdout$/s.exec(out) ?? [];
  return `COPY (SELECT ${columns} FROM ONLY ${name} ${condition}) TO stdout`;
}
