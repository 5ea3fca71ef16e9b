/** A run to a local target, and what lies there if the power goes after any of its calls. */
import assert from 'node:assert/strict';
import { looksUnfinished } from 'holdfast/plugin';
import type { Level } from '../../../agent/recovery/verification.ts';
import { sha256 } from '../../kit/samples.ts';
import type { Offered } from '../sweep/faulty-target.ts';
import type { SealingLedger } from '../sweep/sealing-ledger.ts';
import type { SweepPlace, Taken } from '../sweep/sweep-place.fixture.ts';
import type { Tally } from '../sweep/tally.ts';
import { type Cut, recordCuts } from './cuts.fixture.ts';
import { layDown } from './disk.ts';

/** The disk after a power cut, and what somebody had been told. */
export interface CutState extends Omit<Cut, 'isOver' | 'after'> {
  /** Keys of the snapshots that somebody had been told of, the newest last. */
  readonly acknowledged: readonly string[];
}

/** What a run did that nothing happened to. */
export interface Recorded {
  readonly states: readonly CutState[];
  readonly calls: number;
  readonly offered: readonly Offered[];
  /** The snapshot that it made. */
  readonly key: string;
}

/** Runs once, and says what can be there after a cut of the power at any time: different states only. */
export async function recordRun(place: SweepPlace): Promise<Recorded> {
  const earlier = place.taken.map(({ key }) => key);
  const { states, calls, offered, told } = await recordCuts(place, async () => {
    const { snapshot, failure } = await place.run();
    return snapshot?.key ?? assert.fail(`${failure?.message}`);
  });
  const withNews = ({ isOver, after: _, ...state }: Cut): CutState => ({
    ...state,
    acknowledged: isOver ? [...earlier, told] : earlier,
  });
  return { states: states.map(withNews), calls, offered, key: told };
}

/** What must hold of the objects alone: each is there whole or not at all, and a snapshot only with all that was stored before it. */
export function assertWhole({ found, acknowledged }: CutState, { offered, key }: Recorded, place: SweepPlace): void {
  const given = new Map([...place.objects, ...offered.map((one): [string, string] => [one.key, sha256(one.body)])]);
  const wrong = [...found].filter(
    ([path, bytes]) => bytes !== undefined && !isUnfinished(path) && given.get(path) !== sha256(bytes),
  );
  assert.deepEqual(
    wrong.map(([path]) => path),
    [],
    'objects that are not what was stored',
  );
  const lost = [...place.objects.keys(), ...acknowledged].filter((one) => found.get(one) === undefined);
  assert.deepEqual(lost, [], 'lost, though it was there before or somebody had been told of it');
  if (found.get(key) === undefined) return;
  const before = offered
    .slice(
      0,
      offered.findIndex((one) => one.key === key),
    )
    .map((one) => one.key);
  const lacking = before.filter((one) => !/^(sessions|checks)\//.test(one) && found.get(one) === undefined);
  assert.deepEqual(lacking, [], 'a snapshot without what was stored before it');
}

/** What must hold of the program: it has everything back that was acknowledged, and goes on. */
export async function assertGoesOn(
  state: CutState,
  { place, tally, ledger }: { readonly place: SweepPlace; readonly tally: Tally; readonly ledger: SealingLedger },
): Promise<void> {
  layDown(place.r.path(''), state.found);
  place.startFrom(state.stateFolder);
  const earlier = new Map(place.taken.map((taken) => [taken.key, taken]));
  const known = state.acknowledged.map((key) => earlier.get(key) ?? place.takenNow(key));
  await assertRestore(place, known, tally);
  if (known.length > 0) await assertVerifies(place);
  place.point.arm();
  const { snapshot, failure } = await place.run();
  assert.ok(snapshot, `the next run: ${failure?.code} ${failure?.message}`);
  ledger.note(place.point.offered, place.r.engine.stateFolder);
  await assertRestore(place, [place.takenNow(snapshot.key)], tally);
  await assertVerifies(place);
}

/** Each of these is had back, byte by byte. */
export async function assertRestore(place: SweepPlace, snapshots: readonly Taken[], tally: Tally): Promise<void> {
  for (const { id, files } of snapshots) {
    const { verdict, failure } = await place.restoreAnew(id);
    if (verdict !== 'ok') tally.snapshotsLost++;
    assert.equal(verdict, 'ok', `${id}: ${failure?.message}`);
    const found = place.restored();
    tally.wrongBytes += [...files].filter(([path, hash]) => found.get(path) !== hash).length;
    assert.deepEqual(found, files, id);
  }
}

export async function assertVerifies(place: SweepPlace, level?: Level): Promise<void> {
  const { findings, failure } = await place.verify(level);
  assert.equal(failure, undefined, `${failure?.message}`);
  assert.deepEqual(findings, []);
}

/** Whether a put that was interrupted leaves such a name. */
export function isUnfinished(path: string): boolean {
  return path.startsWith('tmp/~') || looksUnfinished(path.slice(path.lastIndexOf('/') + 1));
}
