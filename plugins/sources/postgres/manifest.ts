import { fail, type Reader } from 'holdfast/plugin';
import { MANIFEST } from './artifact-name.ts';

/** The rows of one table as they were captured. `bytes` and `sha256` are of the text that COPY gave. */
export interface TableRecord {
  readonly artifact: string;
  readonly schema: string;
  readonly table: string;
  /** Of its `TABLE DATA` in the definitions. */
  readonly dumpId: number;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  /** The tables that it is a partition or a child of, nearest first, as artifacts would be called. */
  readonly ancestors: readonly string[];
  readonly columns: readonly ColumnRecord[];
}

/** A column, as far as masking must know it. */
export interface ColumnRecord {
  readonly name: string;
  /** As `format_type()` writes it; of a domain, the type that it is over. */
  readonly type: string;
  readonly nullable: boolean;
  /** Made by the server of other columns, so that the rows have no field for it. */
  readonly generated: boolean;
  /** It decides in which partition a row is. */
  readonly partitions: boolean;
}

/** Columns of a table whose rows all differ in them. */
export interface UniqueKey {
  readonly name: string;
  readonly artifact: string;
  readonly columns: readonly string[];
}

/** Of two tables, by what their artifacts are or would be called. */
export interface ForeignKey {
  readonly name: string;
  readonly artifact: string;
  readonly columns: readonly string[];
  readonly references: string;
  /** One for each of `columns`. */
  readonly referenced: readonly string[];
}

export interface LargeObjectsRecord {
  readonly artifact: string;
  readonly count: number;
  readonly bytes: number;
  readonly sha256: string;
}

export interface DatabaseRecord {
  readonly name: string;
  readonly encoding: string;
  readonly lsn: string;
  readonly definitions: string;
  /** Whether all tables with rows are here: false when a job selected some. */
  readonly whole: boolean;
  readonly tables: readonly TableRecord[];
  readonly largeObjects: LargeObjectsRecord | null;
  readonly uniqueKeys: readonly UniqueKey[];
  readonly foreignKeys: readonly ForeignKey[];
}

/** Something that was to be captured and could not be. */
export interface AbsenceRecord {
  /** As the run named it, for people. */
  readonly what: string;
  /** Of its failure. */
  readonly why: string;
  /** What it would be called; of a database its folder. */
  readonly artifact: string;
  readonly folder?: boolean;
  /** As of {@link TableRecord}. */
  readonly ancestors: readonly string[];
}

/**
 * What a snapshot of a server holds. It is an artifact and no fact: facts can be read without a key, and a digest of a table's
 * rows lets whoever guesses them know that the guess is right.
 */
export interface Manifest {
  readonly format: 1;
  /** `server_version_num`. */
  readonly serverVersion: number;
  /** Whether roles were captured with their passwords: superusers and members of pg_read_all_data may read those. */
  readonly rolePasswords: boolean;
  readonly databases: readonly DatabaseRecord[];
  /** Not in those that were written before it was kept. */
  readonly absent?: readonly AbsenceRecord[];
}

export async function readManifest(from: Reader): Promise<Manifest> {
  const parts: Uint8Array[] = [];
  for await (const part of from.bytes(MANIFEST)) parts.push(part);
  const manifest = JSON.parse(Buffer.concat(parts).toString('utf8')) as Manifest;
  if (manifest.format === 1) return manifest;
  return fail({
    code: 'MANIFEST_UNKNOWN',
    message: `this snapshot was written by a newer agent (manifest ${manifest.format})`,
    origin: 'source',
    permanent: true,
    hint: 'restore it with that agent, or a later one',
  });
}
