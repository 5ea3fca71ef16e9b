import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { fail } from '../contract/index.ts';
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

  /** Takes the lock, or fails at once with `BUSY`. */
  static take(stateFolder: string, domain: string): DomainLock {
    const folder = join(stateFolder, 'locks');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { DatabaseSync } = loadSqlite();
    const database = new DatabaseSync(join(folder, `${domain.replaceAll(/[^a-z0-9._-]/gi, '_')}.lock`));
    try {
      database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      fail(
        {
          code: 'BUSY',
          message: `another run of domain ${domain} is going on on this host`,
          origin: 'agent',
          permanent: false,
          hint: 'try again when it has ended: `holdfast status`',
        },
        error,
      );
    }
    return new DomainLock(database);
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }
}
