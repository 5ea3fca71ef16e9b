import type { Database } from './database.ts';
import { type CachedFile, type CachedFiles, decodeFolder, encodeFolder } from './folder-record.ts';

/** What a file cache is valid for: with another domain, source or chunker the same file has other chunks. */
export interface Generation {
  /** The domain's id. */
  readonly domain: string;
  /** The source's name; two jobs that select differently from one source need a name each, or they forget each other's folders. */
  readonly source: string;
  /** The chunker and all its parameters, in any one form that is always the same. */
  readonly chunker: string;
}

const DAY_S = 86_400;
const UNUSED_S = 60 * DAY_S;

/**
 * What is known of the files of one source since its last run, one row per folder. Reads see the last commit; `replace` is
 * staged in a temporary table, so that a first run over millions of files does not hold them in memory.
 * Everything here may be lost at any time: a folder that is absent is read again.
 */
export class FileCache {
  static #handles = 0;

  readonly #database: Database;
  readonly #key: Generation;
  readonly #now: () => Date;
  readonly #context: Buffer;
  readonly #handle = ++FileCache.#handles;
  #id: number | undefined;

  constructor(database: Database, key: Generation, now: () => Date) {
    this.#database = database;
    this.#key = key;
    this.#now = now;
    this.#context = Buffer.from(JSON.stringify([key.domain, key.source, key.chunker, '']));
    this.#id = this.#find();
  }

  /** The files of a folder as they were at the last commit; undefined when nothing is known of it. */
  get(directory: Uint8Array): ReadonlyMap<string, CachedFile> | undefined {
    if (this.#id === undefined) return undefined;
    const row = this.#database.row('SELECT files FROM folder WHERE generation = ? AND path = ?', this.#id, directory);
    return row?.files instanceof Uint8Array ? decodeFolder(row.files, this.#contextOf(directory)) : undefined;
  }

  /** Says what the folder's files are now. Counts from the next `commit`. Only folders that changed need to be handed in. */
  replace(directory: Uint8Array, files: CachedFiles): void {
    const record = encodeFolder(files, this.#contextOf(directory));
    this.#stage();
    this.#database.run('INSERT OR REPLACE INTO temp.staged VALUES (?, ?, ?)', this.#handle, directory, record);
  }

  /**
   * Makes what was staged the truth, and forgets every folder that is not in `keep` (paths as Latin-1), all in one transaction.
   * Rows that would not change are not written.
   */
  commit(keep: ReadonlySet<string>): void {
    const now = Math.floor(this.#now().getTime() / 1000);
    this.#id = this.#database.transaction(() => {
      const id = this.#find() ?? this.#create(now);
      this.#stage();
      this.#database.run(
        `INSERT INTO folder (generation, path, files) SELECT ?, path, files FROM temp.staged WHERE handle = ? ORDER BY path
         ON CONFLICT (generation, path) DO UPDATE SET files = excluded.files WHERE files IS NOT excluded.files`,
        id,
        this.#handle,
      );
      for (const { path } of this.#database.rows('SELECT path FROM folder WHERE generation = ?', id)) {
        if (!(path instanceof Uint8Array) || keep.has(latin1(path))) continue;
        this.#database.run('DELETE FROM folder WHERE generation = ? AND path = ?', id, path);
      }
      this.#database.run('UPDATE generation SET used = ? WHERE id = ? AND used < ?', now, id, now - DAY_S);
      this.#database.run('DELETE FROM generation WHERE used < ?', now - UNUSED_S);
      return id;
    });
    this.discard();
  }

  /** Drops what was staged. */
  discard(): void {
    this.#stage();
    this.#database.run('DELETE FROM temp.staged WHERE handle = ?', this.#handle);
  }

  #find(): number | undefined {
    const { domain, source, chunker } = this.#key;
    const row = this.#database.row(
      'SELECT id FROM generation WHERE domain = ? AND source = ? AND chunker = ?',
      domain,
      source,
      chunker,
    );
    return row === undefined ? undefined : Number(row.id);
  }

  #create(now: number): number {
    const { domain, source, chunker } = this.#key;
    const sql = 'INSERT INTO generation (domain, source, chunker, used) VALUES (?, ?, ?, ?)';
    return this.#database.run(sql, domain, source, chunker, now).rowid;
  }

  // Each time, since a connection that was renewed has no temporary tables.
  #stage(): void {
    this.#database.run(
      `CREATE TEMP TABLE IF NOT EXISTS staged (
         handle INTEGER NOT NULL, path BLOB NOT NULL, files BLOB NOT NULL, PRIMARY KEY (handle, path)
       ) STRICT, WITHOUT ROWID`,
    );
  }

  #contextOf(directory: Uint8Array): Buffer {
    return Buffer.concat([this.#context, directory]);
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
