import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FORGETTABLE } from '../sweep/growth.fixture.ts';
import { SealingLedger } from '../sweep/sealing-ledger.ts';
import { shareOf } from '../sweep/share.ts';
import { SweepPlace } from '../sweep/sweep-place.fixture.ts';
import { Tally } from '../sweep/tally.ts';
import { assertKept, assertListed, assertPrunesOn, recordPruning } from './pruning-cut.fixture.ts';

/** Of the states, how many are read and pruned on where nothing else is asked for; all are looked at, without a key. */
const SHARE = 0.15;

test('the power goes at any time of forgetting and pruning: what is kept is whole, and the next pruning ends it', async (t) => {
  await using place = await SweepPlace.create(FORGETTABLE);
  const tally = new Tally('power cuts of forget and prune');
  const recorded = await recordPruning(place);
  const { states, calls, forgotten, removed } = recorded;
  tally.cases = states.length;
  t.diagnostic(
    `${calls} calls that change the disk, ${forgotten} of them to forget; ${removed} objects removed; ${states.length} states that a power cut can leave, all looked at`,
  );
  for (const state of states) {
    await tally.hold(state.name, () => assertKept(state, recorded, place));
    await tally.hold(state.name, () => assertListed(state, place));
  }
  const ledger = new SealingLedger();
  ledger.note(recorded.offered, place.r.engine.stateFolder, true);
  for (const state of shareOf(states, SHARE, ({ loss }) => loss)) {
    tally.fault(`power cut of a pruning: ${state.loss}`);
    await tally.hold(state.name, () => assertPrunesOn(state, { place, tally, ledger }));
  }
  for (const line of tally.close()) t.diagnostic(line);
  assert.deepEqual(tally.breaches, []);
  assert.deepEqual([tally.snapshotsLost, tally.wrongBytes], [0, 0]);
  assert.ok(forgotten > 4 && removed > 4 && calls > 40 && states.length > 12, 'hardly anything was tried');
});
