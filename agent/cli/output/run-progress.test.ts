import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noProgress } from '../../engine/progress.ts';
import { advanceOf } from './run-progress.ts';

const MiB = 2 ** 20;

test('of files it says how many, of streams which are being read', () => {
  const progress = noProgress();
  assert.deepEqual(advanceOf({ name: 'db' }, progress).notes, ['0 entries']);
  progress.entries = 1200;
  assert.deepEqual(advanceOf({ name: 'db' }, progress).notes, ['1,200 entries']);
  progress.entries = 0;
  for (const [table, size] of [
    ['accounts', 1],
    ['orders', 212],
    ['positions', 30],
  ] as const)
    progress.streams.set(`trading/public/${table}`, size * MiB);
  progress.artifacts = 7;
  progress.skipped = 1;
  assert.deepEqual(advanceOf({ name: 'db' }, progress).notes, [
    '7 done',
    'trading/public/orders 212 MiB',
    'trading/public/positions 30 MiB',
    'and 1 more',
    '1 skipped',
  ]);
  progress.streams.clear();
  assert.deepEqual(advanceOf({ name: 'db' }, progress).notes, ['7 done', '1 skipped']);
});

test('the last run is the total, until there is more', () => {
  const progress = { ...noProgress(), bytes: 5, expectedBytes: 10 };
  assert.equal(advanceOf({ name: 'db' }, progress).total, 10);
  assert.equal(advanceOf({ name: 'db' }, { ...progress, bytes: 11 }).total, undefined);
});
