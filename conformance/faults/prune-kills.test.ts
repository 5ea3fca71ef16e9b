/** Pruning is killed right after each of its steps; whatever was left then is sound, and the next call ends it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import { test } from 'node:test';
import { Machine } from '../acceptance/machine.ts';
import { assertExit } from '../acceptance/program.ts';
import { assertHolds, backUp, type Content, PRUNE_NOW, prune } from './pruned-place.ts';

const KEPT: Content = { kept: 1, other: 2 };
/** What is put and what is removed: the calls of its main thread that change something in the repository. */
const READ_EVERY = 5;
const STEPS = new Set(['main link', 'main unlink']);

test('killed after any of its steps, pruning leaves a repository that is sound, and the next call ends it', async (t) => {
  await using machine = await Machine.create({ keep: { last: 1 } });
  await backUp(machine, { ...KEPT, gone: 3 });
  await backUp(machine, { 'gone too': 4 });
  await backUp(machine, KEPT);
  await machine.ask(['forget', '--yes']);
  const [sound, kept] = [machine.place('sound'), machine.place('kept-state')];
  await cp(machine.repository, sound, { recursive: true });
  await cp(machine.state, kept, { recursive: true });
  const again = async () => {
    for (const [place, from] of [
      [machine.repository, sound],
      [machine.state, kept],
    ] as const) {
      await rm(place, { recursive: true });
      await cp(from, place, { recursive: true });
    }
  };
  const calls = await traced(machine);
  assert.ok(calls.length >= 12, calls.join());
  const ended: string[] = [];
  for (const call of calls) {
    await again();
    const { signal } = await machine.call(PRUNE_NOW, dying({ HOLDFAST_TEST_DIE: `${call} after` }));
    if (signal !== 'SIGKILL') continue;
    ended.push(call);
    const verified = await machine.call(['verify', '--level', 'list']);
    assert.equal(verified.exit, 0, `killed after ${call}: ${verified.stdout}${verified.stderr}`);
    await prune(machine);
    const { marked } = await prune(machine);
    assert.equal(marked.count, 0, `killed after ${call}, something was left for a second call`);
    // Frames are moved as they are: what lies where is looked at each time, what is in them now and then.
    if (ended.length % READ_EVERY === 1) await assertHolds(machine, KEPT, 'restored');
    else assertExit(await machine.call(['verify']), 0);
  }
  t.diagnostic(`killed after ${ended.length} steps of ${calls.length}; snapshots lost: 0, wrong bytes: 0`);
  assert.equal(ended.length, calls.length);
});

function dying(env: Readonly<Record<string, string>>) {
  return { nodeArgs: ['--import', import.meta.resolve('./kills/dying.ts')], env };
}

/** The steps of pruning undisturbed, each as the thread, its call, and which one of its kind it is. */
async function traced(machine: Machine): Promise<string[]> {
  const trace = machine.place('trace');
  assertExit(await machine.call(PRUNE_NOW, dying({ HOLDFAST_TEST_TRACE: trace })), 0);
  await rename(trace, machine.place('traced'));
  const counts = new Map<string, number>();
  const lines = readFileSync(machine.place('traced'), 'utf8').split('\n');
  return lines
    .filter((line) => STEPS.has(line))
    .map((line) => {
      const count = (counts.get(line) ?? 0) + 1;
      counts.set(line, count);
      return `${line} ${count}`;
    });
}
