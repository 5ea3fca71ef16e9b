import { type Failure, fail, type Reader, type RestoreRequest } from 'holdfast/plugin';
import { type Archive, type ArchiveEntry, parseArchive } from './archive.ts';
import { databaseFolder } from './artifact-name.ts';
import { allDefinitions, type ChosenDefinitions, definitionsOf } from './definition-choice.ts';
import type { DatabaseRecord, Manifest, TableRecord } from './manifest.ts';

/** What is restored of one database, wherever to. */
export interface DatabaseChoice {
  readonly record: DatabaseRecord;
  readonly archive: Archive;
  /** Whether nothing in particular was asked for. */
  readonly whole: boolean;
  readonly tables: readonly TableRecord[];
  readonly definitions: ChosenDefinitions;
  readonly largeObjects: boolean;
}

/** What of a snapshot's databases a restore asks for. */
export async function chooseDatabases(
  manifest: Manifest,
  request: RestoreRequest,
  from: Reader,
): Promise<DatabaseChoice[]> {
  const patterns = (request.select ?? []) as readonly string[];
  const selects = from.selection(patterns);
  const selected = (artifact: string) => selects(Buffer.from(artifact), false);
  const chosen: DatabaseChoice[] = [];
  for (const record of manifest.databases) {
    // All patterns are asked of all names: one that selects a table's parent has selected something.
    const tables = record.tables.filter(({ artifact, ancestors }) =>
      [artifact, ...ancestors].map(selected).includes(true),
    );
    const largeObjects = record.largeObjects !== null && selected(record.largeObjects.artifact);
    const all = patterns.length === 0 || selects(Buffer.from(databaseFolder(record.name)), true);
    const whole = all && record.whole && tables.length === record.tables.length;
    if (!whole && tables.length === 0 && !largeObjects) continue;
    const archive = await readDefinitions(record, from);
    const definitions = whole
      ? allDefinitions(archive)
      : definitionsOf(archive, tableIds(archive, tables, largeObjects));
    chosen.push({ record, archive, whole, tables, definitions, largeObjects });
  }
  return chosen;
}

export async function readDefinitions(record: DatabaseRecord, from: Reader): Promise<Archive> {
  const parts: Uint8Array[] = [];
  for await (const part of from.bytes(record.definitions)) parts.push(part);
  return (
    parseArchive(Buffer.concat(parts)) ??
    fail({
      code: 'ARCHIVE_INVALID',
      message: `the definitions of ${record.name} end too early`,
      origin: 'source',
      permanent: true,
    })
  );
}

/** The definitions that rows are of: tables, and what large objects hang on. */
function tableIds(archive: Archive, tables: readonly TableRecord[], largeObjects: boolean): Set<number> {
  const byId = new Map(archive.entries.map((entry) => [entry.dumpId, entry]));
  const ids = new Set(
    tables
      .flatMap(({ dumpId }) => byId.get(dumpId)?.dependencies ?? [])
      .filter((id) => byId.get(id)?.section === 'pre-data'),
  );
  if (largeObjects)
    for (const { dumpId, desc } of archive.entries) if (/^BLOB( METADATA)?$/.test(desc)) ids.add(dumpId);
  return ids;
}

/** How the rows of a table go in. */
export function dataEntry(
  { archive, record }: Pick<DatabaseChoice, 'archive' | 'record'>,
  table: TableRecord,
): ArchiveEntry {
  const entry = archive.entries.find(({ dumpId, desc }) => dumpId === table.dumpId && desc === 'TABLE DATA');
  return (
    entry ??
    fail({
      code: 'ARCHIVE_INVALID',
      message: `the definitions of ${record.name} say nothing of the rows of ${table.artifact}`,
      origin: 'source',
      permanent: true,
    })
  );
}

export type Skipped = { readonly what: string; readonly failure: Failure };
