import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { fail, HoldfastError } from '../contract/index.ts';
import { errnoOf } from '../system/index.ts';
import { APPLICATION_ID, migrate, SCHEMA_VERSION } from './schema.ts';
import { loadSqlite } from './sqlite.ts';

export const CATALOG_FILE = 'catalog.sqlite';

export type Row = Record<string, SQLOutputValue>;

/** Another process's transactions last milliseconds; the longest is the first commit of a large file cache. */
const BUSY_TIMEOUT_MS = 30_000;

// Primary result codes, https://www.sqlite.org/rescode.html
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/**
 * The catalog's file. Nothing in it is the truth about a backup, so a file that is damaged, or is not a catalog, is set
 * aside and made anew, when it is opened as well as later when a damaged page is met.
 *
 * Failures (origin `agent`): `CATALOG_NEWER`, `CATALOG_BUSY`, `CATALOG_UNUSABLE`, and `STATE_DENIED` for a folder of another user.
 */
export class Database implements Disposable {
  readonly #file: string;
  readonly #warn: (message: string) => void;
  readonly #statements = new Map<string, StatementSync>();
  #connection: DatabaseSync;
  #inode = 0n;
  #working = false;

  /** Opens `<folder>/catalog.sqlite`; makes the folder (0700) and the file (0600) when they are not there. */
  constructor(folder: string, warn: (message: string) => void) {
    this.#file = join(folder, CATALOG_FILE);
    this.#warn = warn;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      this.#connection = this.#openOrRenew();
    } catch (thrown) {
      throw this.#failure(thrown);
    }
  }

  row(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#guard(() => this.#prepare(sql).get(...values));
  }

  rows(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#guard(() => this.#prepare(sql).all(...values));
  }

  run(sql: string, ...values: SQLInputValue[]): { changes: number; rowid: number } {
    const result = this.#guard(() => this.#prepare(sql).run(...values));
    return { changes: Number(result.changes), rowid: Number(result.lastInsertRowid) };
  }

  /**
   * Runs `work` in one transaction that holds the write lock from its start, so that it cannot fail half-way because
   * another process wrote meanwhile. `work` runs a second time, on an empty catalog, when the first met damage.
   */
  transaction<T>(work: () => T): T {
    return this.#guard(() => atOnce(this.#connection, 'IMMEDIATE', work));
  }

  [Symbol.dispose](): void {
    if (this.#connection.isOpen) this.#connection.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#connection.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #guard<T>(work: () => T): T {
    if (this.#working) return work(); // inside a transaction: its own guard decides
    this.#working = true;
    try {
      try {
        return work();
      } catch (thrown) {
        if (!isDamage(thrown)) throw thrown;
        this.#connection.close();
        this.#setAside('is damaged');
        this.#statements.clear();
        this.#connection = this.#openOrRenew();
        return work();
      }
    } catch (thrown) {
      throw this.#failure(thrown);
    } finally {
      this.#working = false;
    }
  }

  #openOrRenew(): DatabaseSync {
    try {
      return this.#open();
    } catch (thrown) {
      const reason = thrown instanceof ForeignFile ? 'is not a catalog' : 'is damaged';
      if (!(thrown instanceof ForeignFile) && !isDamage(thrown)) throw thrown;
      this.#setAside(reason);
      return this.#open();
    }
  }

  #open(): DatabaseSync {
    // Made here first: SQLite gives the journal and the shared memory beside it the mode of this file.
    closeSync(openSync(this.#file, 'a', 0o600));
    const stat = statSync(this.#file, { bigint: true });
    if ((stat.mode & 0o077n) !== 0n) chmodSync(this.#file, 0o600);
    this.#inode = stat.ino;
    const connection = new (loadSqlite().DatabaseSync)(this.#file);
    try {
      connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
      const version = atOnce(connection, 'DEFERRED', () => identify(connection));
      retryWhileBusy(() => connection.exec('PRAGMA journal_mode = WAL'));
      // FULL: the start of a run must outlast a power cut, or the crash would go unnoticed.
      connection.exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp.journal_mode = OFF');
      // Asked again under the lock: two processes may have found the same old version.
      if (version < SCHEMA_VERSION) atOnce(connection, 'IMMEDIATE', () => migrate(connection, identify(connection)));
      return connection;
    } catch (thrown) {
      connection.close();
      throw thrown;
    }
  }

  /** Moves the file and its journal out of the way, unless another process did so since we opened it. */
  #setAside(reason: string): void {
    if (statSync(this.#file, { bigint: true, throwIfNoEntry: false })?.ino !== this.#inode) return;
    const aside = `${this.#file}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, '')}`;
    for (const suffix of ['', '-wal', '-shm']) {
      if (existsSync(this.#file + suffix)) renameSync(this.#file + suffix, aside + suffix);
    }
    this.#warn(
      `${this.#file} ${reason}; it was set aside as ${aside} and made anew. Backups are not affected: ` +
        'the history of runs starts again, and the next run reads every file.',
    );
  }

  /** SQLite says of a journal that it may not make only that it cannot. */
  #isDenied(thrown: unknown): boolean {
    if (isRefusal(thrown)) return true;
    try {
      accessSync(dirname(this.#file), constants.R_OK | constants.W_OK | constants.X_OK);
      return false;
    } catch (refused) {
      return isRefusal(refused);
    }
  }

  #failure(thrown: unknown): unknown {
    if (thrown instanceof HoldfastError) return thrown;
    if (this.#isDenied(thrown)) return stateDenied(dirname(this.#file), thrown);
    const busy = resultCode(thrown) === SQLITE_BUSY;
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return new HoldfastError(
      {
        code: busy ? 'CATALOG_BUSY' : 'CATALOG_UNUSABLE',
        message: `${this.#file}: ${text}`,
        origin: 'agent',
        permanent: false,
        hint: busy
          ? 'Another process has kept the catalog locked; try again when it has ended.'
          : 'Check that the state folder can be written and has free space.',
      },
      thrown,
    );
  }
}

class ForeignFile extends Error {}

function isRefusal(thrown: unknown): boolean {
  return ['EACCES', 'EPERM'].includes(errnoOf(thrown));
}

function stateDenied(folder: string, cause: unknown): HoldfastError {
  const failure = {
    code: 'STATE_DENIED',
    message: `The state folder ${folder} may not be read and written by this user.`,
    origin: 'agent',
    permanent: true,
    hint: 'Run it as the user that the folder belongs to, or name another one with --state <folder> or HOLDFAST_STATE.',
  } as const;
  return new HoldfastError(failure, cause);
}

/** The schema version of a catalog, 0 for an empty file. */
function identify(connection: DatabaseSync): number {
  const pragma = (name: string) => Number(connection.prepare(`PRAGMA ${name}`).get()?.[name]);
  const version = pragma('user_version');
  if (pragma('application_id') !== APPLICATION_ID) {
    if (connection.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined) throw new ForeignFile();
    return 0;
  }
  if (version > SCHEMA_VERSION) {
    fail({
      code: 'CATALOG_NEWER',
      message: `the catalog has schema version ${version}; this Holdfast knows versions up to ${SCHEMA_VERSION}`,
      origin: 'agent',
      permanent: true,
      hint: 'Use the newer Holdfast that wrote it, or another state folder.',
    });
  }
  return version;
}

/** Runs `work` in a transaction: what it reads belongs together, what it writes is written whole or not at all. */
function atOnce<T>(connection: DatabaseSync, kind: 'DEFERRED' | 'IMMEDIATE', work: () => T): T {
  connection.exec(`BEGIN ${kind}`);
  try {
    const result = work();
    connection.exec('COMMIT');
    return result;
  } finally {
    if (connection.isTransaction) connection.exec('ROLLBACK');
  }
}

/** SQLite answers busy at once, whatever its timeout, to two connections that change the journal mode together. */
function retryWhileBusy(work: () => void): void {
  const until = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      work();
      return;
    } catch (thrown) {
      if (resultCode(thrown) !== SQLITE_BUSY || performance.now() > until) throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function isDamage(thrown: unknown): boolean {
  const code = resultCode(thrown);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/** SQLite's primary result code; the upper bits of what Node gives are the extended one. */
function resultCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return undefined;
  return Number(thrown.errcode) & 0xff;
}
