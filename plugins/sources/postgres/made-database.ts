import { fail, type Host } from 'holdfast/plugin';
import type { Archive, ArchiveEntry } from './archive.ts';
import { databaseDefinitions } from './definition-choice.ts';
import { asking, codeOf, serverFailure } from './failure.ts';
import type { Skipped } from './restore-plan.ts';
import { type Address, Session } from './session.ts';
import { quoted } from './sql-name.ts';
import { withoutTablespace } from './tablespaces.ts';

const PREFIX = 'holdfast_restoring_';

export interface MadeDatabaseOptions {
  readonly address: Address;
  readonly host: Host;
  readonly archive: Archive;
  /** Whether what was set and granted of the database comes with it. */
  readonly whole: boolean;
  /** Whether it is given to who owned it. */
  readonly owners: boolean;
  /** Whether it may name the tablespace that it had. */
  readonly tablespaces: boolean;
  readonly name: string;
}

/** A database that a restore makes. Nobody takes it for whole before it is: until then it is called otherwise. */
export class MadeDatabase implements AsyncDisposable {
  readonly temporaryName: string;
  readonly #o: MadeDatabaseOptions;
  /** Holds the name: as long as this session lives, no other restore drops what this one fills. */
  readonly #holder: Session;

  private constructor(o: MadeDatabaseOptions, temporaryName: string, holder: Session) {
    this.#o = o;
    this.temporaryName = temporaryName;
    this.#holder = holder;
  }

  /** `RESTORE_BUSY` while another restore makes a database of that name. */
  static async make(o: MadeDatabaseOptions): Promise<MadeDatabase> {
    await using stack = new AsyncDisposableStack();
    const temporaryName = `${PREFIX}${o.name}`.slice(0, 60);
    const holder = stack.use(await Session.open(o.address, o.host));
    const { free } = await holder.row<{ free: boolean }>(
      'SELECT pg_catalog.pg_try_advisory_lock(pg_catalog.hashtextextended($1, 0)) AS free',
      [temporaryName],
    );
    if (!free) busy(o.name);
    const made = new MadeDatabase(o, temporaryName, holder);
    const entry = databaseDefinitions(o.archive).find(({ desc }) => desc === 'DATABASE');
    await made.#ask(`make database ${o.name}`, async (session) => {
      // What a restore left that was killed; while another one fills it, the server refuses.
      await made.#unsubscribe(o.host, session);
      await session.run(`DROP DATABASE IF EXISTS ${quoted(made.temporaryName)}`);
      const definition = entry === undefined ? undefined : made.#of(entry.definition, made.temporaryName);
      await session.run(
        definition === undefined
          ? `CREATE DATABASE ${quoted(made.temporaryName)} TEMPLATE template0`
          : o.tablespaces
            ? definition
            : withoutTablespace(definition),
      );
    });
    stack.move();
    return made;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#holder[Symbol.asyncDispose]();
  }

  /** Gives it its owner, its settings and what was granted, and then its name. What the server has not got for these is named. */
  async keep(): Promise<Skipped[]> {
    const { name, archive, whole } = this.#o;
    const skipped: Skipped[] = [];
    const own = whole ? databaseDefinitions(archive).flatMap((entry) => this.#statements(entry)) : [];
    await this.#ask(`name database ${name}`, async (session) => {
      for (const statement of own) {
        try {
          await session.run(statement);
        } catch (error) {
          // No role of that name, no parameter: 42704, undefined_object.
          if (codeOf(error) !== '42704') throw error;
          skipped.push(settingLeft(statement.replaceAll(quoted(this.temporaryName), quoted(name)), error));
        }
      }
      await session.run(`ALTER DATABASE ${quoted(this.temporaryName)} RENAME TO ${quoted(name)}`);
    });
    return skipped;
  }

  #statements({ desc, owner, definition }: ArchiveEntry): string[] {
    const to = quoted(this.temporaryName);
    if (desc === 'DATABASE')
      return owner === '' || !this.#o.owners ? [] : [`ALTER DATABASE ${to} OWNER TO ${quoted(owner)}`];
    if (desc !== 'DATABASE PROPERTIES') return [this.#of(definition, this.temporaryName)].filter((one) => one !== '');
    return definition
      .split(/;\n(?=(?:ALTER|COMMENT|GRANT|REVOKE|SECURITY|UPDATE|SELECT|SET|RESET)\b|\s*$)/)
      .map((statement) => this.#of(statement, this.temporaryName))
      .filter((statement) => statement !== '');
  }

  /** `full`: the server's disk has no room left. */
  async drop(full: boolean): Promise<void> {
    // The run may be cancelled: this is asked by a connection that does not mind.
    const host: Host = {
      ...this.#o.host,
      signal: new AbortController().signal,
      secret: (reference) => this.#o.host.secret(reference),
    };
    const { address } = this.#o;
    if (full) await emptied({ ...address, database: this.temporaryName }, host);
    await using session = await Session.open(address, host);
    await this.#unsubscribe(host, session);
    await session.run(`DROP DATABASE IF EXISTS ${quoted(this.temporaryName)} WITH (FORCE)`);
  }

  /** A database with a subscription cannot be dropped. The slot at the publisher is that of the original, and stays. */
  async #unsubscribe(host: Host, session: Session): Promise<void> {
    const names = await session.rows<{ name: string }>(
      `SELECT s.subname AS name FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid
       WHERE d.datname = $1`,
      [this.temporaryName],
    );
    if (names.length === 0) return;
    await using inside = await Session.open({ ...this.#o.address, database: this.temporaryName }, host);
    for (const { name } of names) {
      const of = `SUBSCRIPTION ${quoted(name)}`;
      for (const statement of [`ALTER ${of} DISABLE`, `ALTER ${of} SET (slot_name = NONE)`, `DROP ${of}`])
        await inside.run(statement);
    }
  }

  /** The statement with the database's new name where the old one stands. */
  #of(definition: string, name: string): string {
    const old = this.#o.archive.database;
    const trimmed = definition.trim().replace(/;$/, '');
    for (const written of [quoted(old), old])
      if (trimmed.includes(` DATABASE ${written}`))
        return trimmed.replaceAll(` DATABASE ${written}`, () => ` DATABASE ${quoted(name)}`);
    return trimmed;
  }

  async #ask(action: string, work: (session: Session) => Promise<void>): Promise<void> {
    await using session = await Session.open(this.#o.address, this.#o.host);
    await asking(action, () => work(session));
  }
}

function busy(name: string): never {
  fail({
    code: 'RESTORE_BUSY',
    message: `database ${name} is being made by another restore`,
    origin: 'source',
    permanent: false,
    hint: 'wait until that one has ended, or restore to another name',
  });
}

function settingLeft(statement: string, error: unknown): Skipped {
  const { message } = serverFailure(error, 'set it');
  return {
    what: statement,
    failure: {
      code: 'RESTORE_SETTING',
      message,
      origin: 'source',
      permanent: true,
      hint: 'make what it needs, then say it to the server',
    },
  };
}

/**
 * Gives back what the tables of a database take. DROP DATABASE begins with a checkpoint, for which there may be no room, and a database
 * that it could not drop lets nobody in any more.
 */
async function emptied(address: Address, host: Host): Promise<void> {
  await using session = await Session.open(address, host);
  const tables = await session.rows<{ kind: string; name: string }>(
    `SELECT CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind,
       pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')`,
  );
  for (const { kind, name } of tables) await session.run(`DROP ${kind} IF EXISTS ${name} CASCADE`);
}
