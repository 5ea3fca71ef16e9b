import { type Bytes, fail, type Reader } from 'holdfast/plugin';
import { type Archive, writeArchive, writeInt } from './archive.ts';
import { databaseDefinitions, holdsRows } from './definition-choice.ts';
import { largeObjectGroups } from './large-object-groups.ts';
import { type LargeObject, storedLargeObjects } from './large-objects.ts';
import type { TableRecord } from './manifest.ts';
import type { DatabaseChoice } from './restore-plan.ts';

/** Kinds of blocks that follow the table of contents: pg_backup_archiver.h, BLK_DATA and BLK_BLOBS. */
const BLOCK_DATA = 1;
const BLOCK_BLOBS = 3;

export interface ArchiveExport {
  readonly choice: DatabaseChoice;
  readonly from: Reader;
  /** The rows of a table on their way out. */
  rows(table: TableRecord): Bytes;
}

/** A custom-format file as pg_dump writes it, with the chosen definitions and rows: what pg_restore takes, from PostgreSQL 12 on. */
export async function* archiveBytes({ choice, from, rows }: ArchiveExport): Bytes {
  const { archive, record, definitions, tables, largeObjects } = choice;
  const stored = new Map(tables.map((table) => [table.dumpId, table]));
  const wanted = new Set(
    [...(choice.whole ? databaseDefinitions(archive) : []), ...definitions.entries].map(({ dumpId }) => dumpId),
  );
  const groups = largeObjects ? largeObjectGroups(archive) : [];
  const grouped = new Map(groups.map((group) => [group.entry, group]));
  const kept = archive.entries.filter((entry) =>
    holdsRows(entry) ? stored.has(entry.dumpId) || grouped.has(entry) : wanted.has(entry.dumpId),
  );
  yield writeArchive(archive, kept);
  const int = (value: number) => writeInt(archive, value);
  const objects =
    record.largeObjects === null
      ? undefined
      : new Upcoming(storedLargeObjects(from.bytes(record.largeObjects.artifact)));
  for (const entry of kept.filter(holdsRows)) {
    const table = stored.get(entry.dumpId);
    if (table !== undefined) {
      yield Buffer.concat([Buffer.of(BLOCK_DATA), int(entry.dumpId)]);
      yield* block(archive, ended(rows(table)));
      continue;
    }
    yield Buffer.concat([Buffer.of(BLOCK_BLOBS), int(entry.dumpId)]);
    const oids = grouped.get(entry)?.oids ?? 'all';
    for (;;) {
      const next = await objects?.peek();
      if (next === undefined || (oids !== 'all' && !oids.has(`${next.oid}`))) break;
      yield int(next.oid);
      yield* block(archive, next.pieces);
      objects?.take();
    }
    yield int(0);
  }
  const left = largeObjects ? await objects?.peek() : undefined;
  if (left !== undefined) ungrouped(record.name, left.oid);
}

/** Large objects one by one: the next may be for the next group. */
class Upcoming {
  readonly #objects: AsyncGenerator<LargeObject>;
  #next: Promise<LargeObject | undefined> | undefined;

  constructor(objects: AsyncGenerator<LargeObject>) {
    this.#objects = objects;
  }

  peek(): Promise<LargeObject | undefined> {
    this.#next ??= this.#objects.next().then(({ value }) => value as LargeObject | undefined);
    return this.#next;
  }

  take(): void {
    this.#next = undefined;
  }
}

function ungrouped(database: string, oid: number): never {
  fail({
    code: 'ARCHIVE_INVALID',
    message: `the definitions of ${database} have no place for large object ${oid} where it comes`,
    origin: 'source',
    permanent: true,
  });
}

/** In an archive, as in a script, a line says that the rows have ended: dumpTableData_copy() of pg_dump.c. */
async function* ended(rows: Bytes): Bytes {
  yield* rows;
  yield Buffer.from('\\.\n\n\n');
}

/** Pieces, each with its length before it, and a length of 0: _WriteData() and _EndData() of pg_backup_custom.c, uncompressed. */
async function* block(archive: Archive, data: Bytes): Bytes {
  for await (const piece of data) {
    if (piece.length === 0) continue;
    yield writeInt(archive, piece.length);
    yield piece;
  }
  yield writeInt(archive, 0);
}
