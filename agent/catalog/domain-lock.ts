import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { type Failure, fail } from '../contract/index.ts';
import { loadSqlite } from './sqlite.ts';

/**
 * One run at a time in a domain of this host. The lock is an exclusive transaction on a file of its own: the system releases it
 * when the process ends, however it ends, so that no stale lock has to be judged by a clock.
 */
export class DomainLock implements Disposable {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Takes the lock, or fails at once: with `BUSY` when another run has it, `LOCK_UNUSABLE` when nobody can have it. */
  static take(stateFolder: string, domain: string): DomainLock {
    const folder = join(stateFolder, 'locks');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { DatabaseSync } = loadSqlite();
    const path = join(folder, `${domain.replaceAll(/[^a-z0-9._-]/gi, '_')}.lock`);
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path);
      database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
      return new DomainLock(database);
    } catch (error) {
      database?.close();
      return fail(isBusy(error) ? busy(domain) : unusable(path, error), error);
    }
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

/** SQLITE_BUSY, https://sqlite.org/rescode.html#busy. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5;
}

function busy(domain: string): Failure {
  return {
    code: 'BUSY',
    message: `another run of domain ${domain} is going on on this host`,
    origin: 'agent',
    permanent: false,
    hint: 'try again when it has ended',
  };
}

function unusable(path: string, error: unknown): Failure {
  return {
    code: 'LOCK_UNUSABLE',
    message: `the lock ${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    origin: 'agent',
    permanent: false,
    hint: 'check the state folder, its owner and the space left there; while no run is going on, the lock may be removed',
  };
}
