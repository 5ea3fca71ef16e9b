import { type Failure, fail } from 'holdfast/plugin';
import { ABOVE, type Ancestors, ancestorsOf } from './ancestors.ts';
import { type DumpHead, dumpHead } from './dump-head.ts';
import { serverFailure } from './failure.ts';
import { namingHolders } from './lock-holders.ts';
import { type LockOptions, lockTables, type SnapshotTable } from './locked-tables.ts';
import type { Programs } from './programs.ts';
import { Session } from './session.ts';

interface Unreadable {
  readonly schema: string;
  readonly table: string;
  readonly ancestors: Ancestors;
}

/** So often a database may be changed under our feet before it is a failure. */
const ATTEMPTS = 4;

export interface SnapshotOptions extends LockOptions {
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
  readonly unreadable: readonly (Unreadable & { readonly failure: Failure })[];
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
        const failure = serverFailure(error, `open ${options.database}`);
        if (failure.code === 'POSTGRES_LOCKED') fail(await namingHolders(options, failure), error);
        const changed = failure.code === 'POSTGRES_CHANGED';
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
    const definitions = await dumpHead(programs, database, [
      `--snapshot=${found.id}`,
      '--lock-wait-timeout=30s',
      ...without,
    ]);
    const tables = await lockTables(session, options, definitions.archive);
    const unreadable = denied.map(({ schema, table, ancestors }) => ({
      schema,
      table,
      ancestors,
      failure: {
        code: 'POSTGRES_DENIED',
        message: `${address.user} may not read table ${schema}.${table}: neither its definition nor its rows are captured`,
        origin: 'source',
        permanent: true,
        hint: `GRANT USAGE ON SCHEMA ${schema} and SELECT ON ${schema}.${table} TO ${address.user}; or GRANT pg_read_all_data`,
      } as const,
    }));
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
async function unreadableTables(session: Session): Promise<Unreadable[]> {
  return session.rows<Unreadable>(
    `WITH RECURSIVE ${ABOVE}
     SELECT n.nspname AS schema, c.relname AS table, ${ancestorsOf('c.oid')} AS ancestors
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
       AND NOT (has_schema_privilege(n.oid, 'usage') AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'select')
         ELSE has_table_privilege(c.oid, 'select') END)
     ORDER BY 1, 2`,
  );
}

/** A name as pg_dump's patterns take it for nothing else: psql documentation, "Patterns". */
function asPattern({ schema, table }: Unreadable): string {
  return [schema, table].map((name) => `"${name.replaceAll('"', '""')}"`).join('.');
}
