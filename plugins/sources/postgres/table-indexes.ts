import type { Archive, ArchiveEntry } from './archive.ts';
import type { TableRecord } from './manifest.ts';

/** Of so many bytes of rows on, indexes of a table are made while other tables are still filled: for fewer, starting a program costs more. */
const WORTH_BYTES = 32 * 2 ** 20;

/**
 * Which of the wanted definitions are indexes and keys of a table that can be made as soon as its own rows are there: nothing they need
 * comes after rows. Foreign keys, triggers and what is attached to partitioned indexes wait for the other tables.
 */
export function indexesOf(
  archive: Archive,
  wanted: readonly ArchiveEntry[],
  rows: Pick<TableRecord, 'bytes' | 'dumpId'>,
): ArchiveEntry[] {
  if (rows.bytes < WORTH_BYTES) return [];
  const byId = new Map(archive.entries.map((entry) => [entry.dumpId, entry]));
  const tables = new Set(byId.get(rows.dumpId)?.dependencies);
  return wanted.filter(
    ({ desc, dependencies }) =>
      (desc === 'INDEX' || desc === 'CONSTRAINT') &&
      dependencies.some((id) => tables.has(id)) &&
      dependencies.every((id) => byId.get(id)?.section !== 'post-data'),
  );
}
