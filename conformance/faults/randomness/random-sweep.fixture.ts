import assert from 'node:assert/strict';
import { join } from 'node:path';
import { failureOf } from 'holdfast/plugin';
import { advised } from '../../../agent/cli/advice.ts';
import { noise } from '../../kit/samples.ts';
import { contentsOf } from '../sweep/contents.ts';
import { plant } from '../sweep/growth.fixture.ts';
import type { SealingLedger } from '../sweep/sealing-ledger.ts';
import { shareOf } from '../sweep/share.ts';
import type { SweepPlace } from '../sweep/sweep-place.fixture.ts';
import type { Done, Verb } from '../sweep/sweep-verbs.fixture.ts';
import type { Tally } from '../sweep/tally.ts';
import { assertSealed, assertUntouched } from '../sweep/target-sweep.fixture.ts';
import { RandomSource, WORDS } from './random-source.ts';

const MODES = ['once', 'from then on'] as const;

export interface Sweeping {
  readonly name: string;
  readonly verb: Verb;
  readonly place: SweepPlace;
  readonly tally: Tally;
  readonly ledger: SealingLedger;
}

/** Does a verb under a failure of every draw that it has when nothing fails. Gives those draws. */
export async function sweepDraws(o: Sweeping, share: number): Promise<readonly string[]> {
  const { name, place, tally } = o;
  await place.reset();
  RandomSource.arm();
  assert.equal((await act(o, false)).verdict, 'ok');
  const draws = RandomSource.log;
  const plans = draws.flatMap((_, i) => MODES.map((mode) => ({ nth: i + 1, mode })));
  tally.cases += plans.length;
  for (const plan of shareOf(plans, share, ({ mode }) => mode)) {
    tally.fault(`${name}: ${plan.mode}`);
    const after = `${name}, no random bytes ${plan.mode}, at ${plan.nth}: ${draws[plan.nth - 1]}`;
    await tally.hold(after, () => failOne(o, plan));
  }
  return draws;
}

async function failOne(o: Sweeping, { nth, mode }: { nth: number; mode: (typeof MODES)[number] }): Promise<void> {
  const { verb, place, tally } = o;
  await place.reset();
  RandomSource.arm({ kind: 'fails', nth, mode });
  const done = await act(o, false);
  assert.ok(RandomSource.isMet, 'the fault was not met');
  RandomSource.arm();
  place.noteOffered();
  assertSaid(done);
  assertKept(o);
  verb.judge(place, { nth, kind: 'error', mode }, done, tally);
  await assertVerified(place);
  place.restart();
  const again = await act(o, true);
  assert.equal(again.verdict, 'ok', `and again: ${again.failure?.code} ${again.failure?.message}`);
  assertKept(o);
  if (verb.name === 'restore') await verb.owed(place, again);
}

/**
 * Does a verb twice in each of two machines that were copied from one state with their memory, so that all of them draw the same, and then
 * went on with different files: nothing of theirs may be sealed under one key and nonce, no object of one copy may stand in the
 * place of another's, and what each stored is whole. What guards that: salts, births and ids are bound to more than what was drawn
 * (FORMAT.md, 17). What cannot be guarded is not tried here, since no test could pass: a copy made while a pack is being written
 * (FORMAT.md, 20).
 */
export async function copyMachine(o: Sweeping): Promise<void> {
  const { name, place, tally, ledger } = o;
  for (let copy = 1; copy <= 2; copy++) {
    tally.cases++;
    tally.fault(`${name}: repeats`);
    await tally.hold(`${name}, in copy ${copy} of a machine`, async () => {
      await place.reset();
      await goOn(place, copy);
      RandomSource.arm({ kind: 'repeats' });
      const done = await act(o, false);
      assert.ok(RandomSource.isMet, 'nothing was drawn');
      assert.equal(done.verdict, 'ok', `${done.failure?.message}`);
      assertKept(o);
      // And once more, so that this copy meets what it drew itself.
      await goOn(place, copy + 10);
      RandomSource.arm({ kind: 'repeats' });
      const again = await act(o, true);
      assert.equal(again.verdict, 'ok', `and again: ${again.failure?.message}`);
      assertKept(o);
      RandomSource.arm();
      assert.ok(ledger.salts > 0 || o.verb.name === 'restore', 'nothing was sealed');
      await assertVerified(place);
    });
  }
  await goOn(place, 0);
}

/** The source holds what it held, and, but for the 0th, a file that no other copy has. */
async function goOn(place: SweepPlace, copy: number): Promise<void> {
  const folder = join(place.r.folder, 'data');
  await plant(join(folder, 'copy'), copy === 0 ? {} : { mine: noise(1000 + copy, 20_000) });
  place.data = contentsOf(folder);
}

async function act({ verb, place }: Sweeping, again: boolean): Promise<Done> {
  try {
    return await verb.act(place, again);
  } catch (error) {
    const failure = failureOf(error, { code: 'OTHER', origin: 'agent' });
    return { failure, verdict: 'failed', said: failure };
  }
}

/** Whoever did not get what was asked for is told that random bytes were missing, and what to do. */
function assertSaid({ failure, verdict, said, skipped = [] }: Done): void {
  assert.equal(verdict === 'failed', failure !== undefined, `${verdict}, and ${failure?.code}`);
  for (const one of failure === undefined ? skipped.map((skip) => skip.failure) : [failure]) {
    assert.match(one.code, /^[A-Z_]+$/);
    assert.match(one.message, new RegExp(WORDS), `${one.code} ${one.message}`);
    assert.notEqual(one.code, 'OTHER', 'it was thrown, and not told');
    assert.match(advised(one).hint ?? '', /\w+ \w+/, `${one.code} without a hint`);
  }
  assert.ok(verdict === 'ok' || JSON.stringify(said).includes(WORDS), 'it ended otherwise, and does not say why');
}

function assertKept({ verb, place, tally, ledger }: Sweeping): void {
  ledger.note(place.point.offered, place.r.engine.stateFolder, verb.moves);
  assertSealed(place);
  assertUntouched(verb, place, tally);
}

async function assertVerified(place: SweepPlace): Promise<void> {
  const { findings, failure } = await place.verify('decrypt');
  assert.equal(failure, undefined, `${failure?.message}`);
  assert.deepEqual(findings, [], 'a verification that decrypts finds something');
}
