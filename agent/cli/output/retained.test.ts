import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlanRow } from '../../retention/rows.ts';
import { keptAnywhere, spokenRetained } from './retained.ts';

const row = (id: string, ...because: string[]): PlanRow => {
  const action = because.length > 0 ? 'keep' : 'forget';
  return { group: 'a', id, time: '', verdict: 'complete', action, because };
};
const all = [{ targets: ['local', 'cloud'], rows: [row('c', 'last 1 of 1'), row('b'), row('a')] }];
const tiers = [
  { targets: ['local'], rows: [row('c', 'within 7d'), row('b'), row('a')] },
  {
    targets: ['cloud'],
    rows: [row('c', 'monthly 1 of 84 (2026-11)'), row('b', 'hold by legal without end: x'), row('a')],
  },
];

test('targets of the same rules are told in one line, others one by one', () => {
  assert.equal(spokenRetained(all), 'would keep 1 snapshot, and remove 2: b, a');
  assert.equal(
    spokenRetained(tiers),
    'local: would keep 1 snapshot, and remove 2: b, a\ncloud: would keep 2 snapshots, and remove 1: a',
  );
  assert.equal(spokenRetained([{ targets: ['local'], rows: [] }]), 'would keep 0 snapshots, and remove none');
});

test('of all targets together stays what stays on any, and goes what goes from each', () => {
  assert.deepEqual(keptAnywhere(all), { keep: [{ id: 'c', because: ['last 1 of 1'] }], remove: ['b', 'a'] });
  assert.deepEqual(keptAnywhere(tiers), {
    keep: [
      { id: 'c', because: ['within 7d', 'monthly 1 of 84 (2026-11)'] },
      { id: 'b', because: ['hold by legal without end: x'] },
    ],
    remove: ['a'],
  });
});
