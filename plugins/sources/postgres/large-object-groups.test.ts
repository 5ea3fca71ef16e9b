import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reader } from 'holdfast/plugin';
import type { Archive, ArchiveEntry } from './archive.ts';
import { archiveBytes } from './archive-export.ts';
import { inArchiveOrder, largeObjectGroups } from './large-object-groups.ts';
import type { DatabaseChoice } from './restore-plan.ts';

const entry = (dumpId: number, desc: string, definition = '', dependencies: number[] = []): ArchiveEntry => ({
  ...{ dumpId, desc, definition, dependencies, hasData: desc === 'BLOBS', oid: '0', tag: '', section: 'data' },
  ...{ copy: '', namespace: '', owner: '', tablespace: '', raw: Buffer.of(dumpId) },
});

const archive = (...entries: ArchiveEntry[]): Archive => ({
  ...{ minor: 16, intSize: 4, offsetSize: 8, database: 'db', serverVersion: '18', dumpVersion: '18' },
  ...{ header: Buffer.of(), entries, length: 0 },
});

/** As pg_dump 18 has them: of one owner 5 and 900, of another 70. */
const grouped = archive(
  entry(1, 'BLOB METADATA', '5\n900\n'),
  entry(2, 'BLOB METADATA', '70\n'),
  entry(3, 'BLOBS', '', [1, 99]),
  entry(4, 'BLOBS', '', [2, 99]),
);

test('large objects come in the groups of the archive, and in one where it has one', () => {
  const oids = (one: Archive) =>
    largeObjectGroups(one).map((group) => (group.oids === 'all' ? 'all' : [...group.oids]));
  assert.deepEqual(oids(grouped), [['5', '900'], ['70']]);
  assert.deepEqual(inArchiveOrder(grouped, ['5', '70', '900']), ['5', '900', '70']);
  const before17 = archive(entry(1, 'BLOB'), entry(2, 'BLOB'), entry(3, 'BLOBS'));
  assert.deepEqual(oids(before17), ['all']);
  assert.deepEqual(inArchiveOrder(before17, ['900', '5']), ['5', '900']);
});

const uint32 = (value: number) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value]);
const stored = (oid: number) => Buffer.concat([uint32(oid), uint32(1), Buffer.of(oid & 255), uint32(0)]);
const int = (value: number) => Buffer.from([0, value, value >> 8, 0, 0]);
const written = (oid: number) => Buffer.concat([int(oid), int(1), Buffer.of(oid & 255), int(0)]);

async function exported(...oids: number[]): Promise<Buffer> {
  const bytes = async function* () {
    yield Buffer.concat(oids.map(stored));
  };
  const choice = {
    ...{ archive: grouped, whole: false, tables: [], largeObjects: true },
    record: { name: 'db', largeObjects: { artifact: 'db/.large-objects', count: oids.length, bytes: 0, sha256: '' } },
    definitions: { entries: grouped.entries.slice(0, 2), foreignKeys: [] },
  } as unknown as DatabaseChoice;
  const parts: Uint8Array[] = [];
  const from = { bytes } as unknown as Reader;
  for await (const part of archiveBytes({ choice, from, rows: () => assert.fail() })) parts.push(part);
  return Buffer.concat(parts);
}

test('exported, each group has its own; one that comes where no group has it is told', async () => {
  const [BLOBS, end] = [Buffer.of(3), int(0)];
  assert.deepEqual(
    await exported(5, 900, 70),
    Buffer.concat([
      int(4),
      Buffer.of(1, 2, 3, 4),
      BLOBS,
      int(3),
      written(5),
      written(900),
      end,
      BLOBS,
      int(4),
      written(70),
      end,
    ]),
  );
  // One that could not be read is not among them.
  assert.deepEqual(
    await exported(70),
    Buffer.concat([int(4), Buffer.of(1, 2, 3, 4), BLOBS, int(3), end, BLOBS, int(4), written(70), end]),
  );
  await assert.rejects(exported(5, 70, 900), /no place for large object 900/);
});
