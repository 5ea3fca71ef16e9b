import { type Failure, fail, type Host } from 'holdfast/plugin';
import { type DumpHead, dumpHead } from './dump-head.ts';
import { asking, codeOf } from './failure.ts';
import type { Programs } from './programs.ts';
import { type Address, Session } from './session.ts';

/** So often a database may be changed under our feet before it is a failure. */
const ATTEMPTS = 4;

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
  readonly ancestors: readonly { readonly schema: string; readonly table: string }[];
}

export interface SnapshotOptions {
  readonly address: Address;
  readonly database: string;
  readonly host: Host;
  readonly programs: Programs;
}

/**
 * One consistent point of one database: a transaction that exported its snapshot, all definitions as they were then, and a lock on
 * each table, so that none is dropped, rewritten or emptied before its rows were read. Others read and write as ever.
 */
export class ExportedSnapshot implements AsyncDisposable {
  readonly lsn: string;
  readonly definitions: DumpHead;
  readonly tables: readonly SnapshotTable[];
  /** Tables that this user may not read: neither their definitions nor their rows are captured. */
  readonly unreadable: readonly { readonly what: string; readonly failure: Failure }[];
  readonly #session: Session;
  readonly #id: string;
  readonly #options: SnapshotOptions;

  private constructor(
    session: Session,
    found: { id: string; lsn: string },
    definitions: DumpHead,
    tables: readonly SnapshotTable[],
    unreadable: ExportedSnapshot['unreadable'],
    options: SnapshotOptions,
  ) {
    this.#session = session;
    this.#id = found.id;
    this.lsn = found.lsn;
    this.definitions = definitions;
    this.tables = tables;
    this.unreadable = unreadable;
    this.#options = options;
  }

  /** Tried again when definitions changed between the snapshot and the locks. */
  static async open(options: SnapshotOptions): Promise<ExportedSnapshot> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ExportedSnapshot.#attempt(options);
      } catch (error) {
        const changed =
          typeof error === 'object' &&
          error !== null &&
          'failure' in error &&
          (error.failure as Failure).code === 'POSTGRES_CHANGED';
        if (!changed || attempt === ATTEMPTS) throw error;
        options.host.log.info(`definitions of ${options.database} changed while it was opened; trying again`);
      }
    }
  }

  static async #attempt(options: SnapshotOptions): Promise<ExportedSnapshot> {
    const { address, database, host, programs } = options;
    await using stack = new AsyncDisposableStack();
    const session = stack.use(await Session.open({ ...address, database }, host));
    await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const found = await session.row<{ id: string; lsn: string }>(
      `SELECT pg_export_snapshot() AS id,
         CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text AS lsn`,
    );
    const denied = await unreadableTables(session);
    const without = denied.map((name) => `--exclude-table=${asPattern(name)}`);
    const definitions = stack.use(
      await dumpHead(programs, database, [`--snapshot=${found.id}`, '--lock-wait-timeout=30s', ...without]),
    );
    const tables = await lockTables(session, database, definitions);
    const unreadable = denied.map(({ schema, table }) => ({
      what: `${database}.${schema}.${table}`,
      failure: {
        code: 'POSTGRES_DENIED',
        message: `${address.user} may not read table ${schema}.${table}: neither its definition nor its rows are captured`,
        origin: 'source',
        permanent: true,
        hint: `GRANT USAGE ON SCHEMA ${schema} and SELECT ON ${schema}.${table} TO ${address.user}; or GRANT pg_read_all_data`,
      } as const,
    }));
    // From here on it is our own locks that hold.
    await definitions[Symbol.asyncDispose]();
    const kept = stack.move();
    const snapshot = new ExportedSnapshot(session, found, definitions, tables, unreadable, options);
    snapshot.#close = () => kept.disposeAsync();
    return snapshot;
  }

  #close: () => Promise<void> = async () => {};

  /** Another connection that sees the same rows. */
  async lane(): Promise<Session> {
    const { address, database, host } = this.#options;
    const session = await Session.open({ ...address, database }, host);
    await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', `SET TRANSACTION SNAPSHOT '${this.#id}'`);
    return session;
  }

  /** The one that holds the locks. */
  get session(): Session {
    return this.#session;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

/** pg_dump locks each table it dumps, and gives up at the first that it may not read. */
async function unreadableTables(session: Session): Promise<{ schema: string; table: string }[]> {
  return session.rows<{ schema: string; table: string }>(
    `SELECT n.nspname AS schema, c.relname AS table
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND NOT (has_schema_privilege(n.oid, 'usage') AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'select')
         ELSE has_table_privilege(c.oid, 'select') END)
     ORDER BY 1, 2`,
  );
}

/** A name as pg_dump's patterns take it for nothing else: psql documentation, "Patterns". */
function asPattern({ schema, table }: { schema: string; table: string }): string {
  return [schema, table].map((name) => `"${name.replaceAll('"', '""')}"`).join('.');
}

async function lockTables(session: Session, database: string, { archive }: DumpHead): Promise<SnapshotTable[]> {
  const data = archive.entries.filter(({ desc, copy }) => desc === 'TABLE DATA' && copy !== '');
  if (data.length === 0) return [];
  const tables = await tablesOf(
    session,
    data.map(({ oid }) => oid),
  );
  const locks = data.map(({ oid }) => tables.get(oid)?.name ?? changed(database, oid));
  try {
    await session.run(`LOCK TABLE ${locks.map((name) => `ONLY ${name}`).join(', ')} IN ACCESS SHARE MODE`);
  } catch (error) {
    if (codeOf(error) === '42P01') changed(database, 'a table');
    await asking(`lock the tables of ${database}`, () => Promise.reject(error));
  }
  for (const { rewritten, name } of (
    await tablesOf(
      session,
      data.map(({ oid }) => oid),
    )
  ).values())
    if (rewritten) changed(database, name);
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

/** A snapshot of rows does not protect from what gives a table another file: ALTER TABLE that rewrites it, TRUNCATE, DROP. */
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
  readonly ancestors: readonly { schema: string; table: string }[];
  readonly rewritten: boolean;
}

/** pg_class is seen as it was when the snapshot was made, pg_relation_filenode() as it is now. */
async function tablesOf(session: Session, oids: readonly string[]): Promise<Map<string, CatalogTable>> {
  const rows = await session.rows<CatalogTable>(
    `WITH RECURSIVE wanted AS (SELECT unnest($1::oid[]) AS oid),
       above(oid, parent, depth) AS (
         SELECT w.oid, i.inhparent, 1 FROM wanted w JOIN pg_catalog.pg_inherits i ON i.inhrelid = w.oid
         UNION ALL SELECT a.oid, i.inhparent, a.depth + 1 FROM above a JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.parent)
     SELECT c.oid::text AS oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
       pg_catalog.pg_table_size(c.oid)::text AS bytes,
       coalesce((SELECT e.extcondition[array_position(e.extconfig, c.oid)] FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)), '') AS condition,
       coalesce((SELECT json_agg(json_build_object('schema', pn.nspname, 'table', p.relname) ORDER BY a.depth)
         FROM above a JOIN pg_catalog.pg_class p ON p.oid = a.parent JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
         WHERE a.oid = c.oid), '[]') AS ancestors,
       pg_catalog.pg_relation_filenode(c.oid) IS DISTINCT FROM c.relfilenode AS rewritten
     FROM wanted JOIN pg_catalog.pg_class c ON c.oid = wanted.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`,
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
