import { CheckHistory } from './check-history.ts';
import { Database } from './database.ts';
import { FileCache, type Generation } from './file-cache.ts';
import { RunHistory } from './run-history.ts';

/** The file of a catalog, in the state folder. */
export { CATALOG_FILE } from './database.ts';

/**
 * What this host remembers beside the repository: never the truth about backups. Several processes may have it open; a writer
 * waits for the other.
 */
export class Catalog implements Disposable {
  readonly runs: RunHistory;
  readonly checks: CheckHistory;
  readonly #database: Database;
  readonly #now: () => Date;

  private constructor(database: Database, now: () => Date) {
    this.#database = database;
    this.#now = now;
    this.runs = new RunHistory(database);
    this.checks = new CheckHistory(database);
  }

  /**
   * Opens `<stateFolder>/catalog.sqlite`, making it when it is not there. A damaged file, or one that is not a catalog, is set
   * aside with a warning and made anew; a newer schema is refused (`CATALOG_NEWER`).
   */
  static open(stateFolder: string, warn: (message: string) => void, now: () => Date = () => new Date()): Catalog {
    return new Catalog(new Database(stateFolder, warn), now);
  }

  fileCache(generation: Generation): FileCache {
    return new FileCache(this.#database, generation, this.#now);
  }

  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]();
  }
}
