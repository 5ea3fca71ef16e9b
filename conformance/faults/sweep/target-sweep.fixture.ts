import assert from 'node:assert/strict';
import { advised } from '../../../agent/cli/advice.ts';
import { CANARY } from '../../../agent/engine/repository.fixture.ts';
import { type Plan, plansFor, WORDS } from './faulty-target.ts';
import { SealingLedger } from './sealing-ledger.ts';
import { shareOf } from './share.ts';
import type { SweepPlace, Taken } from './sweep-place.fixture.ts';
import type { Done, Verb } from './sweep-verbs.fixture.ts';
import { Tally } from './tally.ts';

/** What pruning may remove, when nothing needs it; that nothing does is seen by what restores afterwards. */
const REMOVABLE = /^(packs|indexes|snapshots|sessions|marks)\//;

/** Sweeps a verb, says what came of it, and holds when nothing was lost, and nothing else was wrong. */
export async function assertSwept(verb: Verb, place: SweepPlace, say: (line: string) => void): Promise<void> {
  const tally = new Tally(`${verb.name}, operations of its target`);
  const operations = await sweepTarget(verb, place, tally);
  say(`${operations} operations of a ${verb.name} that nothing happens to`);
  for (const line of tally.close()) say(line);
  assert.deepEqual(tally.breaches, []);
  assert.deepEqual([tally.snapshotsLost, tally.wrongBytes], [0, 0]);
  assert.ok(operations > 15 && tally.cases > 4 * operations && tally.faults > 0, 'hardly anything was tried');
}

/** Does a verb under every fault of every operation that it has when nothing fails. Says how many operations those are. */
async function sweepTarget(verb: Verb, place: SweepPlace, tally: Tally): Promise<number> {
  await place.reset();
  const clean = await verb.act(place, false);
  assert.equal(clean.verdict, 'ok', `${clean.failure?.message}`);
  const operations = place.point.log;
  const ledger = new SealingLedger();
  const plans = plansFor(operations);
  tally.cases = plans.length;
  /** The one fault after which nothing more was asked of the target: from then on is the same. */
  let last: Plan | undefined;
  for (const plan of shareOf(plans, verb.share, ({ kind }) => kind)) {
    const { nth, kind, mode } = plan;
    if (mode === 'from then on' && last?.nth === nth && last.kind === kind) continue;
    const after = `${verb.name}, ${kind} ${mode}, at ${nth}: ${operations[nth - 1]}`;
    tally.fault(`${verb.name}: ${kind}`);
    const met = (operations: number) => {
      last = operations === nth ? plan : undefined;
    };
    await tally.hold(after, () => sweepOne({ verb, place, plan, tally, ledger, met }));
  }
  return operations.length;
}

interface Case {
  readonly verb: Verb;
  readonly place: SweepPlace;
  readonly plan: Plan;
  readonly tally: Tally;
  readonly ledger: SealingLedger;
  /** Told how many operations there were. */
  met(operations: number): void;
}

async function sweepOne({ verb, place, plan, tally, ledger, met }: Case): Promise<void> {
  await place.reset();
  place.point.arm(plan);
  const ended = await verb.act(place, false);
  assert.ok(place.point.isMet, 'the fault was not met');
  met(place.point.log.length);
  const done = plan.kind.startsWith('crash') ? undefined : ended;
  place.noteOffered();
  ledger.note(place.point.offered, place.r.engine.stateFolder, verb.moves);
  assertSealed(place);
  if (done !== undefined) assertSaid(done, plan);
  assertUntouched(verb, place, tally);
  verb.judge(place, plan, done, tally);
  place.restart();
  await assertRestore(place, verb.acknowledged(place, done), tally);
  place.restart();
  const again = await verb.act(place, true);
  assert.equal(again.verdict, 'ok', `and again: ${again.failure?.code} ${again.failure?.message}`);
  ledger.note(place.point.offered, place.r.engine.stateFolder, verb.moves);
  assertSealed(place);
  assertUntouched(verb, place, tally);
  await assertReads(verb, place, again, tally);
}

/** Whoever did not get what was asked for is told why, and what to do; and no secret. */
function assertSaid({ failure, verdict, said }: Done, { kind }: Plan): void {
  assert.equal(verdict === 'failed', failure !== undefined, `${verdict}, and ${failure?.code}`);
  const text = JSON.stringify(said);
  for (const secret of [CANARY, 'PRIVATE KEY']) assert.ok(!text.includes(secret), `it says ${secret}`);
  if (failure === undefined) return;
  assert.match(failure.code, /^[A-Z_]+$/);
  assert.match(advised(failure).hint ?? '', /\w+ \w+/, `${failure.code} without a hint`);
  // What storage that lags does not find has a name of its own.
  if (kind !== 'stale') assert.match(failure.message, new RegExp(`^target storage: .*${WORDS}`));
}

/** Nothing of what the files say was given to a target as it is. */
export function assertSealed({ point }: SweepPlace): void {
  const clear = point.offered.filter(({ body }) => Buffer.from(body).includes(CANARY));
  assert.deepEqual(
    clear.map(({ key }) => key),
    [],
    'objects with plaintext in them',
  );
}

export function assertUntouched({ moves }: Verb, place: SweepPlace, tally: Tally): void {
  const now = place.stored();
  const stays = (key: string) =>
    moves !== true || now.has(key) || !REMOVABLE.test(key) || place.taken.at(-1)?.key === key;
  const changed = [...place.objects].filter(([key, hash]) => now.get(key) !== hash && stays(key)).map(([key]) => key);
  tally.snapshotsLost += changed.length > 0 ? 1 : 0;
  assert.deepEqual(changed, [], 'objects that were there are gone, or hold other bytes');
}

/** Each of these is had back, byte by byte. */
async function assertRestore(place: SweepPlace, snapshots: readonly Taken[], tally: Tally): Promise<void> {
  for (const { id, files } of snapshots) {
    const report = await place.restoreAnew(id);
    const found = place.restored();
    const wrong = [...found].filter(([path, hash]) => files.has(path) && files.get(path) !== hash).length;
    tally.wrongBytes += wrong;
    if (report.verdict !== 'ok') tally.snapshotsLost++;
    assert.equal(report.verdict, 'ok', `${id}: ${report.failure?.message}`);
    for (const [path, hash] of files) assert.equal(found.get(path), hash, `${id}: ${path}`);
  }
}

async function assertReads(verb: Verb, place: SweepPlace, again: Done, tally: Tally): Promise<void> {
  await assertRestore(place, await verb.owed(place, again), tally);
  if (verb.name === 'restore') return;
  const { findings, failure } = await place.verify();
  assert.equal(failure, undefined, `${failure?.message}`);
  const halves = [...place.torn];
  const isOfHalf = (one: (typeof findings)[number]) =>
    halves.some((key) => one.object.startsWith(key) || one.failure.message.includes(key));
  const others = findings.filter((one) => !isOfHalf(one));
  assert.deepEqual(others, [], 'a verification finds more than the halves that were stored');
}
