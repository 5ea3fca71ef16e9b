import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PostgresServer } from '../../services/postgres.ts';
import { findPostgres } from '../../services/postgres-programs.ts';
import { Machine, type MachineOptions } from '../machine.ts';

/** For `skip` of tests: why they cannot run here, or false. */
export const withoutPostgres = findPostgres() === undefined ? 'no PostgreSQL: apt-get install postgresql' : false;

/** A server, and a machine whose source and job `db` are its databases. Disposing stops and removes both. */
export class DatabaseMachine implements AsyncDisposable {
  readonly server: PostgresServer;
  readonly machine: Machine;
  readonly #source: object;

  private constructor(server: PostgresServer, machine: Machine, source: object) {
    this.server = server;
    this.machine = machine;
    this.#source = source;
  }

  /** One whose source is a database of that name, which is there and empty. */
  static async of(database: string): Promise<DatabaseMachine> {
    const here = await DatabaseMachine.create({ databases: [database] });
    here.server.query(`CREATE DATABASE ${database}`);
    return here;
  }

  /** `source` is what the policy says beside how the server is reached; `jobs` as {@link Machine.create} takes it. */
  static async create(source: object = {}, jobs?: MachineOptions['jobs']): Promise<DatabaseMachine> {
    const server = await PostgresServer.start();
    try {
      const connection = { host: server.host, port: server.port, user: 'postgres' };
      const sources = { db: { type: 'postgres', connection, ...source } };
      const machine = await Machine.create({ sources, ...(jobs === undefined ? {} : { jobs }) });
      return new DatabaseMachine(server, machine, source);
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Lets the same source be reached otherwise: as another user, by another port. `jobs` as {@link Machine.setPolicy} takes it. */
  async reach(connection: object, jobs?: MachineOptions['jobs']): Promise<void> {
    const { host, port } = this.server;
    const db = { type: 'postgres', connection: { host, port, user: 'postgres', ...connection }, ...this.#source };
    await this.machine.setPolicy({ sources: { db }, ...(jobs === undefined ? {} : { jobs }) });
  }

  /** Makes the database `everything`. */
  fillWithEverything(): void {
    this.server.query('CREATE DATABASE everything');
    this.server.query(readFileSync(join(import.meta.dirname, 'everything.sql'), 'utf8'), 'everything');
  }

  /** What pg_dump says of a database, as if it were called `everything`. */
  dump(database: string): string {
    const text = this.server.run('pg_dump', ['--create', '--restrict-key=test'], database);
    return text.replaceAll(new RegExp(`\\b${database}\\b`, 'g'), 'everything');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
  }
}
