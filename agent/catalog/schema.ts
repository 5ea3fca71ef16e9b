import type { DatabaseSync } from 'node:sqlite';

/** "HFCT" in the header of the file (`PRAGMA application_id`): tells a catalog from any other SQLite database. */
export const APPLICATION_ID = 0x48464354;

/**
 * Migrations in order: `migrations[n]` leads from schema version n to n + 1 (`PRAGMA user_version`). What was released is
 * never edited; a new version is one more entry.
 */
const migrations: readonly string[] = [
  `CREATE TABLE generation (
     id INTEGER PRIMARY KEY,
     domain TEXT NOT NULL,
     source TEXT NOT NULL,
     chunker TEXT NOT NULL,
     used INTEGER NOT NULL,          -- seconds since 1970, a day's accuracy
     UNIQUE (domain, source, chunker)
   ) STRICT;
   CREATE TABLE folder (             -- a rowid table: the scan for forgotten folders then reads the index alone
     id INTEGER PRIMARY KEY,
     generation INTEGER NOT NULL REFERENCES generation (id) ON DELETE CASCADE,
     path BLOB NOT NULL,
     files BLOB NOT NULL,            -- folder-record.ts
     UNIQUE (generation, path)
   ) STRICT;
   CREATE TABLE run (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     job TEXT NOT NULL,
     source TEXT NOT NULL,
     domain TEXT NOT NULL,
     process TEXT NOT NULL,          -- process-identity.ts
     started TEXT NOT NULL,
     finished TEXT,
     verdict TEXT,
     snapshot TEXT,
     trace TEXT,
     counters TEXT,
     failure TEXT,
     seen INTEGER NOT NULL DEFAULT 0 -- 1: it never ended, and that was taken note of
   ) STRICT;
   CREATE INDEX run_by_job ON run (job, id);
   CREATE INDEX run_unfinished ON run (domain) WHERE finished IS NULL;`,
  `ALTER TABLE run ADD COLUMN object TEXT;   -- the key of its snapshot`,
  `CREATE TABLE checked (
     copy TEXT NOT NULL,             -- of a repository: check-history.ts
     object BLOB NOT NULL,           -- its SHA-256
     at INTEGER NOT NULL,            -- milliseconds since 1970
     PRIMARY KEY (copy, object)
   ) STRICT, WITHOUT ROWID;`,
];

export const SCHEMA_VERSION = migrations.length;

/** Brings a database of an older version, 0 being an empty one, up to date. Runs inside the caller's transaction. */
export function migrate(database: DatabaseSync, from: number): void {
  for (const statements of migrations.slice(from)) database.exec(statements);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
}
