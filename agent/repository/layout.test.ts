import assert from 'node:assert/strict';
import test from 'node:test';
import * as layout from './layout.ts';
import { refusal } from './refusal.ts';

const id = '0123456789abcdef0123456789abcdef';
const other = 'fedcba9876543210fedcba9876543210';
const hash = 'ab'.repeat(32);

test('keys are read back as what they were made from', () => {
  assert.equal(layout.writerKey(id), `keys/writers/${id}`);
  assert.equal(layout.parseWriterKey(layout.writerKey(id)), id);
  assert.equal(layout.epochKey(id, other), `keys/epochs/${id}/${other}`);
  assert.deepEqual(layout.parseEpochKey(layout.epochKey(id, other)), { domain: id, epoch: other });
  assert.equal(layout.packKey(id, hash), `packs/${id}/ab/${hash}`);
  assert.deepEqual(layout.parsePackKey(layout.packKey(id, hash)), { domain: id, name: hash });
  assert.equal(layout.indexKey(id, hash), `indexes/${id}/${hash}`);
  assert.deepEqual(layout.parseIndexKey(layout.indexKey(id, hash)), { domain: id, name: hash });
  assert.equal(layout.snapshotKey(id, 'app.files-1', 42), `snapshots/${id}/app.files-1/0000000042`);
  const name = { writer: id, job: 'app.files-1', sequence: 42 };
  assert.deepEqual(layout.parseSnapshotKey(layout.snapshotKey(id, 'app.files-1', 42)), name);
});

test('every key lies below its prefix', () => {
  assert.ok(layout.packKey(id, hash).startsWith(layout.packPrefix(id)));
  assert.ok(layout.indexKey(id, hash).startsWith(layout.indexPrefix(id)));
  assert.ok(layout.epochKey(id, other).startsWith(layout.epochPrefix(id)));
  assert.ok(layout.snapshotKey(id, 'a', 1).startsWith(layout.snapshotPrefix(id, 'a')));
  assert.ok(layout.snapshotPrefix(id, 'a').startsWith(layout.snapshotPrefix(id)));
});

test('snapshots of a job are listed in the order of their sequence, and the longest key fits', () => {
  const keys = [1, 9, 10, 999_999_999, 9_999_999_999].map((n) => layout.snapshotKey(id, 'j'.repeat(128), n));
  assert.deepEqual(keys.toSorted(), keys);
  assert.ok(keys.every((key) => key.length <= 255));
});

test('refuses to build a key from what does not belong in one', () => {
  const builds = [
    () => layout.writerKey(id.toUpperCase()),
    () => layout.packKey(id, hash.slice(1)),
    () => layout.epochKey('../../etc', id),
    ...['', '.', '..', '.hidden', 'A', 'a/b', 'a b', 'j'.repeat(129)].map(
      (job) => () => layout.snapshotKey(id, job, 1),
    ),
    ...[0, -1, 1.5, Number.NaN, 1e10].map((sequence) => () => layout.snapshotKey(id, 'a', sequence)),
  ];
  for (const build of builds) assert.throws(build, refusal('KEY_INVALID'));
});

test('a key that no build makes is not parsed', () => {
  assert.equal(layout.parsePackKey(`packs/${id}/ac/${hash}`), undefined);
  assert.equal(layout.parsePackKey(`packs/${id}/ab/${hash}.tmp`), undefined);
  assert.equal(layout.parseIndexKey(`indexes/${id}/${hash}\n`), undefined);
  assert.equal(layout.parseSnapshotKey(`snapshots/${id}/../0000000001`), undefined);
  assert.equal(layout.parseSnapshotKey(`snapshots/${id}/a/0000000000`), undefined);
  assert.equal(layout.parseSnapshotKey(`snapshots/${id}/a/1`), undefined);
  assert.equal(layout.parseWriterKey(`keys/writers/${id}/x`), undefined);
  assert.equal(layout.parseEpochKey(`keys/epochs/${id}`), undefined);
});
