/** Started by host-power-cut.test.ts, in a process that records its own system calls. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FORGETTABLE, GROWING } from '../sweep/growth.fixture.ts';
import { SealingLedger } from '../sweep/sealing-ledger.ts';
import { shareOf } from '../sweep/share.ts';
import { SweepPlace } from '../sweep/sweep-place.fixture.ts';
import { Tally } from '../sweep/tally.ts';
import { layDown } from './disk.ts';
import { assertUsable, recordHost } from './host-cut.fixture.ts';
import { assertGoesOn } from './power-cut.fixture.ts';

/** Of the states, how many the program is started in where nothing else is asked for; all are looked at. */
const SHARE = 0.01;

for (const { name, growth, anew, rotates } of [
  { name: 'the first run of a host', growth: { ...GROWING, snapshots: 0 }, anew: true, rotates: false },
  { name: 'a run', growth: GROWING, anew: false, rotates: false },
  { name: 'a run that rotates keys', growth: GROWING, anew: false, rotates: true },
]) {
  test(`the power goes on a host at any time of ${name}: it keeps its keys, remembers nothing that is not stored, and goes on`, async (t) => {
    await using place = await SweepPlace.create(growth);
    const tally = new Tally(`power cuts of the host under ${name}`);
    if (rotates) await place.addReader();
    const act = async () => {
      const { snapshot, failure } = await place.run();
      return [snapshot?.key ?? assert.fail(`${failure?.message}`)];
    };
    const { states, calls, offered } = await recordHost(place, { anew, act });
    tally.cases = states.length;
    t.diagnostic(`${calls.length} calls that change the state folder; ${states.length} states of host and target`);
    const ledger = new SealingLedger();
    ledger.note(offered, place.r.engine.stateFolder);
    for (const state of states) await tally.hold(state.name, () => assertUsable(state, place));
    for (const state of shareOf(states, SHARE, ({ loss }) => loss)) {
      tally.fault(`power cut of the host: ${state.loss}`);
      layDown(state.stateFolder, state.state);
      await tally.hold(state.name, () => assertGoesOn(state, { place, tally, ledger }));
      if (rotates) await tally.hold(state.name, () => assertReaderReads(place));
    }
    for (const line of tally.close()) t.diagnostic(line);
    assert.deepEqual(tally.breaches, []);
    assert.deepEqual([tally.snapshotsLost, tally.wrongBytes], [0, 0]);
    assert.ok(calls.length > 20 && states.length > 40 && tally.faults >= 5, 'hardly anything was tried');
  });
}

test('forgetting and pruning remember nothing on the host: the power can take nothing from it', async () => {
  await using place = await SweepPlace.create(FORGETTABLE);
  const act = async () => {
    await place.prune();
    return [];
  };
  const { calls } = await recordHost(place, { anew: false, act });
  assert.deepEqual(
    calls.filter((call) => !/^\w+ (locks|scratch|catalog\.sqlite-)/.test(call)),
    [],
  );
});

/** Whoever was added reads what was stored since, of a snapshot after the cut; of what earlier ones stored nothing, and nothing wrong. */
async function assertReaderReads(place: SweepPlace): Promise<void> {
  const newest = place.r.engine.catalog.runs.lastStored()[0]?.key ?? assert.fail('no snapshot');
  await place.restoreAsReader(place.takenNow(newest).id);
  const restored = place.restored();
  assert.deepEqual(
    [...restored].filter(([path, digest]) => place.data.get(path) !== digest),
    [],
  );
  const added = [...place.data.keys()].filter((path) => !place.taken.some(({ files }) => files.has(path)));
  assert.ok(added.length > 0);
  assert.deepEqual(
    added.filter((path) => !restored.has(path)),
    [],
    'what was stored since they were added',
  );
  const earlier = place.taken[0]?.id ?? assert.fail('no snapshot');
  assert.equal((await place.restoreAsReader(earlier)).verdict, 'failed');
}
