import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { looksUnfinished } from 'holdfast/plugin';
import { count } from './figures.ts';
import { takePicture, unlikeFiles } from './picture.ts';
import type { Place } from './place.ts';
import { finish, restoring } from './restore-kills.ts';

const EXITS = { SIGINT: 130, SIGTERM: 143 } as const;

/** Asks runs and restores to stop, `signals` times: they end as they say, commit nothing on their way out, and clean up. */
export async function interrupt(place: Place, signals: number): Promise<void> {
  for (let i = 0; i < signals; i++) {
    const signal = place.random.below(2) === 0 ? 'SIGINT' : 'SIGTERM';
    const share = 0.2 + place.random.below(1000) / 1000;
    if (i % 3 === 2) await interruptRestore(place, signal, share);
    else await interruptRun(place, signal, share);
  }
}

async function interruptRun(place: Place, signal: keyof typeof EXITS, share: number): Promise<void> {
  const { figures, ledger, machine } = place;
  place.tree.change();
  const picture = takePicture(machine.data);
  const left = [...ledger.leftOver().keys()];
  const ended = await place.interrupt(['run'], signal, share);
  const after = `${signal} to a run at ${Math.round(share * 100)} % of its time`;
  const made = ledger.look().filter((key) => key.startsWith('snapshots/'));
  figures.hold('atomic', after, () => {
    // Before it listens for signals, it dies of one like any program, and has done nothing yet.
    if (ended.signal !== signal)
      assert.ok([0, EXITS[signal]].includes(ended.exit ?? -1), `exit ${ended.exit}: ${ended.stderr}`);
    assert.equal(made.length, ended.exit === 0 ? 1 : 0, `exit ${ended.exit}, and ${made.length} snapshots`);
  });
  for (const key of made) place.remember(key, picture);
  tidy(place, after, left);
  count(figures.signals, `${signal} to a run that ${outcome(ended.exit, signal)}`);
}

async function interruptRestore(place: Place, signal: keyof typeof EXITS, share: number): Promise<void> {
  const { figures, ledger, machine, random, snapshots } = place;
  const snapshot = snapshots[random.below(snapshots.length)];
  assert.ok(snapshot !== undefined, 'there is nothing to restore');
  const into = machine.place('interrupted');
  const left = [...ledger.leftOver().keys()];
  const ended = await place.interrupt(restoring(place, snapshot, into), signal, share);
  const after = `${signal} to a restore at ${Math.round(share * 100)} % of its time`;
  figures.hold('whole', after, () => {
    if (ended.signal !== signal)
      assert.ok([0, EXITS[signal]].includes(ended.exit ?? -1), `exit ${ended.exit}: ${ended.stderr}`);
    assert.deepEqual(existsSync(into) ? unlikeFiles(snapshot.picture, takePicture(into, looksUnfinished)) : [], []);
  });
  tidy(place, after, left);
  count(figures.signals, `${signal} to a restore that ${outcome(ended.exit, signal)}`);
  await finish(place, snapshot, into, after);
  rmSync(into, { recursive: true, force: true });
}

function outcome(exit: number | null, signal: keyof typeof EXITS): string {
  return exit === null ? 'had not begun' : exit === EXITS[signal] ? `stopped (${exit})` : 'was done';
}

function tidy(place: Place, after: string, left: readonly string[]): void {
  const { figures, ledger } = place;
  place.scratchIsEmpty(after);
  figures.hold('tidy', after, () => {
    assert.deepEqual([...ledger.leftOver().keys()].sort(), [...left].sort(), 'something stays in tmp');
  });
}
