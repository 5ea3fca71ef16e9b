/** Forgetting and pruning on a local target, and what lies there if the power goes after any of their calls. */
import assert from 'node:assert/strict';
import { sha256 } from '../../kit/samples.ts';
import type { Offered } from '../sweep/faulty-target.ts';
import { pruning } from '../sweep/prune-verb.fixture.ts';
import type { SealingLedger } from '../sweep/sealing-ledger.ts';
import type { SweepPlace } from '../sweep/sweep-place.fixture.ts';
import type { Tally } from '../sweep/tally.ts';
import { type Cut, recordCuts } from './cuts.fixture.ts';
import { layDown } from './disk.ts';
import { assertRestore, assertVerifies, isUnfinished } from './power-cut.fixture.ts';

/** What forgetting and pruning did that nothing happened to. */
export interface PruningRecorded {
  readonly states: readonly Cut[];
  readonly calls: number;
  readonly offered: readonly Offered[];
  /** After how many calls somebody had been told what is forgotten. */
  readonly forgotten: number;
  /** How many objects it removed. */
  readonly removed: number;
}

/** What pruning may remove, when nothing needs it; that nothing does is seen by what restores afterwards. */
const REMOVABLE = /^(packs|indexes|snapshots|sessions|marks)\//;

export async function recordPruning(place: SweepPlace): Promise<PruningRecorded> {
  let forgotten: number | undefined;
  const { states, calls, offered } = await recordCuts(place, (done) =>
    place.prune(() => {
      forgotten = done();
    }),
  );
  const left = place.stored();
  const removed = [...place.objects.keys()].filter((key) => !left.has(key)).length;
  return { states: ofOtherObjects(states), calls, offered, removed, forgotten: forgotten ?? assert.fail() };
}

/** Those in which other objects lie: what was only begun, or only says that it is over, is looked at with one of them. */
function ofOtherObjects(states: readonly Cut[]): Cut[] {
  const seen = new Set<string>();
  return states.filter(({ found }) => {
    const objects = [...found].flatMap(([path, bytes]) =>
      bytes === undefined || isUnfinished(path) ? [] : [path, sha256(bytes)],
    );
    const same = JSON.stringify(objects);
    return seen.has(same) ? false : seen.add(same);
  });
}

/** What must hold of the objects alone: each is there whole or not at all, what stays for ever does, and so does what was said. */
export function assertKept({ found, after }: Cut, recorded: PruningRecorded, place: SweepPlace): void {
  const { offered, forgotten } = recorded;
  const given = new Map([...place.objects, ...offered.map((one): [string, string] => [one.key, sha256(one.body)])]);
  const wrong = [...found].filter(
    ([path, bytes]) => bytes !== undefined && !isUnfinished(path) && given.get(path) !== sha256(bytes),
  );
  assert.deepEqual(
    wrong.map(([path]) => path),
    [],
    'objects that are not what was stored',
  );
  const owed = [...place.objects.keys()].filter((key) => !REMOVABLE.test(key) || key === place.taken.at(-1)?.key);
  const said = offered.filter(({ key }) => after >= forgotten && key.startsWith('removals/')).map(({ key }) => key);
  const lost = [...owed, ...said].filter((key) => found.get(key) === undefined);
  assert.deepEqual(lost, [], 'lost, though it was to stay or somebody had been told of it');
}

/** Where it was not said yet that they are forgotten, all snapshots; otherwise the one that is kept. */
function keptIn({ found }: Cut, place: SweepPlace) {
  const isSaid = [...found].some(([path, bytes]) => path.startsWith('removals/') && bytes !== undefined);
  return isSaid ? place.taken.slice(-1) : place.taken;
}

/** Without a key: what is listed belongs together, and each snapshot that is kept has all that it needs. */
export async function assertListed(cut: Cut, place: SweepPlace): Promise<void> {
  begin(cut, place);
  const { findings, failure, checked } = await place.verify('list');
  assert.equal(failure, undefined, `${failure?.message}`);
  assert.deepEqual(findings, []);
  assert.ok(checked.snapshots >= keptIn(cut, place).length, `${checked.snapshots} snapshots`);
}

/** What must hold of the program: what is kept is read and restored, the next pruning ends the work, and runs go on. */
export async function assertPrunesOn(
  cut: Cut,
  { place, tally, ledger }: { readonly place: SweepPlace; readonly tally: Tally; readonly ledger: SealingLedger },
): Promise<void> {
  begin(cut, place);
  await assertVerifies(place, 'decrypt');
  await assertRestore(place, keptIn(cut, place), tally);
  place.point.arm();
  const { verdict, failure } = await pruning.act(place, true);
  assert.equal(verdict, 'ok', `the next pruning: ${failure?.code} ${failure?.message}`);
  const owed = await pruning.owed(place, { verdict, said: {} });
  ledger.note(place.point.offered, place.r.engine.stateFolder, true);
  // The new one; what is kept beside it was had back before, and opens.
  await assertRestore(place, owed.slice(-1), tally);
  await assertVerifies(place, 'decrypt');
}

function begin(cut: Cut, place: SweepPlace): void {
  layDown(place.r.path(''), cut.found);
  place.startFrom(cut.stateFolder);
}
