import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HoldSpec } from '../config/policy.ts';
import { decideRetention } from './decision.ts';
import { idsKept, snapshotsAt } from './history.fixture.ts';
import { type Holdable, holdsOnStored } from './stored-holds.ts';

const spec = (fields: Partial<HoldSpec> = {}): HoldSpec => ({
  name: 'case',
  by: 'legal',
  why: 'Case 117',
  at: { file: 'p.yaml', line: 1, column: 1 },
  ...fields,
});
/** Of two writers of the job `app`, and of another job. */
const stored: readonly Holdable[] = [
  { key: 'snapshots/w1/app/1', hash: `aaaaaaaa11${'0'.repeat(54)}`, job: 'app', group: 'w1 app' },
  { key: 'snapshots/w1/app/2', hash: `bbbbbbbb${'0'.repeat(56)}`, job: 'app', group: 'w1 app' },
  { key: 'snapshots/w2/app/1', hash: `aaaaaaaa22${'0'.repeat(54)}`, job: 'app', group: 'w2 app' },
  { key: 'snapshots/w1/db/1', hash: `cccccccc${'0'.repeat(56)}`, job: 'db', group: 'w1 db' },
];
const covered = { by: 'legal', why: 'Case 117' };

test('without jobs and snapshots it covers everything', () => {
  const until = new Date('2031-12-31T23:59:59.999Z');
  assert.deepEqual(holdsOnStored([spec({ until })], stored), { holds: [{ ...covered, until }], unclear: [] });
});

test('a job is held on every host, by its groups', () => {
  assert.deepEqual(holdsOnStored([spec({ jobs: ['app'] })], stored).holds, [
    { ...covered, groups: ['w1 app', 'w2 app'] },
  ]);
});

test('a snapshot is held by its key; more of its digits tell two apart that begin alike', () => {
  const { holds, unclear } = holdsOnStored([spec({ snapshots: ['bbbbbbbb', 'aaaaaaaa22'] })], stored);
  assert.deepEqual(holds, [{ ...covered, snapshots: ['snapshots/w1/app/2', 'snapshots/w2/app/1'] }]);
  assert.deepEqual(unclear, []);
});

test('an id of several holds them all, and one of none is told', () => {
  const { holds, unclear } = holdsOnStored([spec({ snapshots: ['aaaaaaaa', 'dddddddd'] })], stored);
  assert.deepEqual(holds, [{ ...covered, snapshots: ['snapshots/w1/app/1', 'snapshots/w2/app/1'] }]);
  assert.deepEqual(unclear, [
    { hold: 'case', id: 'aaaaaaaa', matches: 2 },
    { hold: 'case', id: 'dddddddd', matches: 0 },
  ]);
});

test('a hold on what is not stored covers nothing, and never everything', () => {
  for (const fields of [{ jobs: ['gone'] }, { snapshots: ['dddddddd'] }, { jobs: [], snapshots: [] }]) {
    const { holds } = holdsOnStored([spec(fields)], stored);
    const days = snapshotsAt('2026-11-23T01:00', '2026-11-24T01:00');
    const now = new Date('2026-11-25T00:00Z');
    const kept = idsKept(decideRetention(days, { keep: { last: 1 } }, { now, timezone: 'UTC', holds }));
    assert.deepEqual(kept, ['2026-11-24T01:00']);
  }
});
