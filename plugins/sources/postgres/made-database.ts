import type { Host } from 'holdfast/plugin';
import type { Archive, ArchiveEntry } from './archive.ts';
import { databaseDefinitions } from './definition-choice.ts';
import { asking } from './failure.ts';
import { type Address, Session } from './session.ts';

const PREFIX = 'holdfast_restoring_';

export interface MadeDatabaseOptions {
  readonly address: Address;
  readonly host: Host;
  readonly archive: Archive;
  /** Whether what was set and granted of the database comes with it. */
  readonly whole: boolean;
  readonly name: string;
}

/** A database that a restore makes. Nobody takes it for whole before it is: until then it is called otherwise. */
export class MadeDatabase {
  readonly temporaryName: string;
  readonly #o: MadeDatabaseOptions;

  private constructor(o: MadeDatabaseOptions) {
    this.#o = o;
    this.temporaryName = `${PREFIX}${o.name}`.slice(0, 60);
  }

  static async make(o: MadeDatabaseOptions): Promise<MadeDatabase> {
    const made = new MadeDatabase(o);
    const entry = databaseDefinitions(o.archive).find(({ desc }) => desc === 'DATABASE');
    await made.#ask(`make database ${o.name}`, async (session) => {
      // What a restore left that was killed; while another one fills it, the server refuses.
      await session.run(`DROP DATABASE IF EXISTS ${quoted(made.temporaryName)}`);
      await session.run(
        entry === undefined
          ? `CREATE DATABASE ${quoted(made.temporaryName)} TEMPLATE template0`
          : made.#of(entry, made.temporaryName),
      );
    });
    return made;
  }

  /** Gives it its name, its settings and what was granted. */
  async keep(): Promise<void> {
    const { name, archive, whole } = this.#o;
    await this.#ask(`name database ${name}`, async (session) => {
      await session.run(`ALTER DATABASE ${quoted(this.temporaryName)} RENAME TO ${quoted(name)}`);
      if (!whole) return;
      for (const entry of databaseDefinitions(archive)) {
        if (entry.desc === 'DATABASE' && entry.owner !== '')
          await session.run(`ALTER DATABASE ${quoted(name)} OWNER TO ${quoted(entry.owner)}`);
        else if (entry.desc !== 'DATABASE' && entry.definition !== '') await session.run(this.#of(entry, name));
      }
    });
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
    await session.run(`DROP DATABASE IF EXISTS ${quoted(this.temporaryName)} WITH (FORCE)`);
  }

  /** The statement with the database's new name where the old one stands. */
  #of({ definition }: ArchiveEntry, name: string): string {
    const old = this.#o.archive.database;
    for (const written of [quoted(old), old])
      if (definition.includes(` DATABASE ${written}`))
        return definition
          .trim()
          .replace(/;$/, '')
          .replaceAll(` DATABASE ${written}`, ` DATABASE ${quoted(name)}`);
    return definition;
  }

  async #ask(action: string, work: (session: Session) => Promise<void>): Promise<void> {
    await using session = await Session.open(this.#o.address, this.#o.host);
    await asking(action, () => work(session));
  }
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

/** A name as SQL takes it for nothing else. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
