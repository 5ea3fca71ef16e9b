/** What is swept: each verb does its work once under a fault, says how it ended, and is judged by what it promises. */
import assert from 'node:assert/strict';
import type { Failure } from 'holdfast/plugin';
import type { Contents } from './contents.ts';
import type { Kind, Plan } from './faulty-target.ts';
import type { SweepPlace, Taken } from './sweep-place.fixture.ts';
import type { Tally } from './tally.ts';

export interface Done {
  readonly failure?: Failure | undefined;
  /** What it calls how it ended. */
  readonly verdict: string;
  /** All that it says, for people and programs. */
  readonly said: object;
  /** What it says that it left out. */
  readonly skipped?: readonly { readonly what: string; readonly failure: Failure }[];
  /** The snapshot that it made, by key. */
  readonly snapshot?: string | undefined;
}

export interface Verb {
  readonly name: string;
  /** Of its cases, how many are tried where nothing else is asked for: so that it takes about a minute. */
  readonly share: number;
  /** Moves what was sealed to other objects, as it is, and removes objects that nothing needs. */
  readonly moves?: boolean;
  /** `again`: nothing fails any more, and a fault came before. */
  act(place: SweepPlace, again: boolean): Promise<Done>;
  /** What must hold right after the fault. `done`: undefined after a crash, of which nobody was told anything. */
  judge(place: SweepPlace, plan: Plan, done: Done | undefined, tally: Tally): void;
  /** Of what somebody had been told, right after the fault, that it is stored: before anything is done again, that must restore. */
  acknowledged(place: SweepPlace, done: Done | undefined): readonly Taken[];
  /** What must hold of the snapshots of the repository when it was done again: those that must restore. */
  owed(place: SweepPlace, again: Done): readonly Taken[] | Promise<readonly Taken[]>;
}

/** Kinds that may leave a snapshot of which nobody was told: it was put, or a half of it was. */
const MAY_LEAVE: readonly Kind[] = ['lost', 'torn', 'crash after'];

const running: Verb = {
  name: 'run',
  share: 0.25,
  async act(place) {
    const report = await place.run();
    return { failure: report.failure, verdict: report.verdict, said: report, snapshot: report.snapshot?.key };
  },
  judge(place, plan, done) {
    const made = madeSnapshots(place.stored(), place);
    if (done?.failure === undefined && done !== undefined) assert.deepEqual(made, [done.snapshot]);
    else assert.ok(made.length <= (MAY_LEAVE.includes(plan.kind) ? 1 : 0), `it failed and left ${made}`);
  },
  acknowledged(place, done) {
    return [...place.taken, ...(done?.snapshot === undefined ? [] : [place.takenNow(done.snapshot)])];
  },
  owed(place, again) {
    // The one that the fault left, when it is whole, and the one that was made after it hold the same.
    const made = madeSnapshots(place.stored(), place).filter((key) => !place.torn.has(key));
    assert.ok(again.snapshot !== undefined && made.includes(again.snapshot), `${made}`);
    const news = place.leftBehind ? made.slice(0, 1).map((key) => place.takenNow(key)) : [];
    return [...news, ...(place.torn.size > 0 ? place.taken : [])];
  },
};

const restoring: Verb = {
  name: 'restore',
  share: 1,
  async act(place, again) {
    const { id } = place.taken[1] ?? assert.fail();
    const report = await place.restore(id, again);
    return { failure: report.failure, verdict: report.verdict, said: report, skipped: report.skipped };
  },
  judge(place, _plan, done, tally) {
    const { files } = place.taken[1] ?? assert.fail();
    const wrong = [...place.restored()].filter(([path, hash]) => files.get(path) !== hash);
    tally.wrongBytes += wrong.length;
    assert.deepEqual(wrong, [], 'a file under its own name is not whole');
    if (done?.failure === undefined && done !== undefined) assertNamed(place, done);
    assert.deepEqual(place.beside(), place.data, 'something beside it changed');
    assert.deepEqual(place.stored(), place.objects, 'a restore changed the repository');
  },
  acknowledged() {
    return [];
  },
  owed(place) {
    const { files } = place.taken[1] ?? assert.fail();
    assert.deepEqual(place.restored(), files);
    return [];
  },
};

/** A further verb is one more entry, and a test that sweeps it. */
export const VERBS = { run: running, restore: restoring } as const;

function madeSnapshots(stored: Contents, place: SweepPlace): string[] {
  return [...stored.keys()].filter((key) => key.startsWith('snapshots/') && !place.objects.has(key));
}

/** A restore that did not fail brought everything back, or names what it did not bring back. */
function assertNamed(place: SweepPlace, { verdict, skipped = [] }: Done): void {
  const { files } = place.taken[1] ?? assert.fail();
  const found = place.restored();
  const missing = [...files.keys()].filter((path) => !found.has(path));
  assert.deepEqual(skipped.map(({ what }) => what).sort(), missing.sort());
  assert.equal(verdict, missing.length === 0 ? 'ok' : 'incomplete');
}
