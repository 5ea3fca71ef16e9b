import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GROWING } from '../sweep/growth.fixture.ts';
import { SealingLedger } from '../sweep/sealing-ledger.ts';
import { shareOf } from '../sweep/share.ts';
import { SweepPlace } from '../sweep/sweep-place.fixture.ts';
import { Tally } from '../sweep/tally.ts';
import { assertGoesOn, assertWhole, recordRun } from './power-cut.fixture.ts';

/** Of the states, how many the program is started in where nothing else is asked for; all are looked at. */
const SHARE = 0.2;

for (const [name, growth] of [
  ['the first run of a host', { ...GROWING, snapshots: 0 }],
  ['a run', GROWING],
] as const) {
  test(`the power goes at any time of ${name}: what was acknowledged is there, and the next run goes on`, async (t) => {
    await using place = await SweepPlace.create(growth);
    const tally = new Tally(`power cuts of ${name}`);
    const recorded = await recordRun(place);
    const { states, calls } = recorded;
    tally.cases = states.length;
    t.diagnostic(
      `${calls} calls that change the disk; ${states.length} states that a power cut can leave, all looked at`,
    );
    for (const state of states) await tally.hold(state.name, () => assertWhole(state, recorded, place));
    const ledger = new SealingLedger();
    ledger.note(recorded.offered, place.r.engine.stateFolder);
    for (const state of shareOf(states, SHARE, ({ loss }) => loss)) {
      tally.fault(`power cut: ${state.loss}`);
      await tally.hold(state.name, () => assertGoesOn(state, { place, tally, ledger }));
    }
    for (const line of tally.close()) t.diagnostic(line);
    assert.deepEqual(tally.breaches, []);
    assert.deepEqual([tally.snapshotsLost, tally.wrongBytes], [0, 0]);
    assert.ok(calls > 30 && states.length > 25 && tally.faults >= 3, 'hardly anything was tried');
  });
}
