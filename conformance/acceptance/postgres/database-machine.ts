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

  private constructor(server: PostgresServer, machine: Machine) {
    this.server = server;
    this.machine = machine;
  }

  /** `source` is what the policy says beside how the server is reached; `jobs` as {@link Machine.create} takes it. */
  static async create(source: object = {}, jobs?: MachineOptions['jobs']): Promise<DatabaseMachine> {
    const server = await PostgresServer.start();
    try {
      const connection = { host: server.host, port: server.port, user: 'postgres' };
      const sources = { db: { type: 'postgres', connection, ...source } };
      return new DatabaseMachine(server, await Machine.create({ sources, ...(jobs === undefined ? {} : { jobs }) }));
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
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
