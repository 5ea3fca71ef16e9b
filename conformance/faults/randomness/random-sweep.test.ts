/** The random source of a process fails at each draw, or gives what it gave before: in all threads, under all that draws. */
import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { FORGETTABLE, GROWING, type Growth } from '../sweep/growth.fixture.ts';
import { pruning } from '../sweep/prune-verb.fixture.ts';
import { SealingLedger } from '../sweep/sealing-ledger.ts';
import { SweepPlace } from '../sweep/sweep-place.fixture.ts';
import { VERBS, type Verb } from '../sweep/sweep-verbs.fixture.ts';
import { Tally } from '../sweep/tally.ts';
import { sweepRepair } from './random-repair.fixture.ts';
import { copyMachine, sweepDraws } from './random-sweep.fixture.ts';

const tally = new Tally('draws from the random source');

/** Nothing was ever stored: the run makes the keys of its domain, and seals them. */
const FIRST: Growth = { ...GROWING, snapshots: 0 };

for (const [name, verb, growth, share] of [
  ['a first run', VERBS.run, FIRST, 0.25],
  ['run', VERBS.run, GROWING, 0.25],
  ['restore', VERBS.restore, GROWING, 1],
  ['forget and prune', pruning, FORGETTABLE, 0.25],
] as const satisfies readonly (readonly [string, Verb, Growth, number])[])
  test(`${name}: no random bytes, and those of a copied machine`, async (t: TestContext) => {
    await using place = await SweepPlace.create(growth);
    const o = { name, verb, place, tally, ledger: new SealingLedger() };
    const known = tally.breaches.length;
    const draws = await sweepDraws(o, share);
    t.diagnostic(`${draws.length} draws: ${[...new Set(draws)].join(', ')}`);
    await copyMachine(o);
    assert.deepEqual(tally.breaches.slice(known), []);
    assert.ok(draws.length >= 3, 'hardly anything is drawn');
    // Threads inherit nothing that was hooked after they began: that theirs are met is seen by their being there.
    if (verb === VERBS.run) assert.ok(draws.includes('worker randomBytes'), 'workers drew unseen');
  });

test('repair: no random bytes, and those of a copied machine', async (t) => {
  const known = tally.breaches.length;
  const draws = await sweepRepair(tally);
  t.diagnostic(`${draws.length} draws: ${[...new Set(draws)].join(', ')}`);
  assert.deepEqual(tally.breaches.slice(known), []);
  assert.ok(draws.length >= 3, 'hardly anything is drawn');
});

after(() => {
  for (const line of tally.close()) process.stderr.write(`${line}\n`);
  assert.deepEqual([tally.snapshotsLost, tally.wrongBytes], [0, 0]);
});
