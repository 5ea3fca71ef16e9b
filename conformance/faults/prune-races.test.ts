/** A run waits at one of its steps, as if it were stopped, while another process forgets and prunes what that run counts on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Machine } from '../acceptance/machine.ts';
import { assertExit } from '../acceptance/program.ts';
import { assertHolds, backUp, type Content, fill, type Paused, pauseAt, prune } from './pruned-place.ts';

const OLD: Content = { back: 1, with: 2 };
const NEW: Content = { other: 3 };

/** The last snapshot lacks what the one before has, and that one is forgotten: what a run finds of it is needed by nothing else. */
async function withGarbage(): Promise<Machine> {
  const machine = await Machine.create({ keep: { last: 1 } });
  await backUp(machine, OLD);
  await backUp(machine, NEW);
  await machine.ask(['forget', '--yes']);
  fill(machine, OLD);
  return machine;
}

async function goesOnWell(machine: Machine, run: Paused): Promise<void> {
  assertExit(await run.goOn(), 0);
  await assertHolds(machine, OLD, 'restored');
  await prune(machine);
  await assertHolds(machine, OLD, 'pruned');
}

test('a run that waits right before its snapshot is waited for, and what it counts on stays', async () => {
  await using machine = await withGarbage();
  const run = await pauseAt(machine, ['run'], { call: 'link', of: '/snapshots/', nth: 1 });
  const pruned = await prune(machine);
  assert.deepEqual([pruned.deleted.count, pruned.waitingFor.length], [0, 1]);
  assert.ok(pruned.marked.count > 0);
  await goesOnWell(machine, run);
});

test('a run that waits while it reads the index is waited for', async () => {
  await using machine = await withGarbage();
  const run = await pauseAt(machine, ['run'], { call: 'open', of: '/indexes/', nth: 1 });
  const pruned = await prune(machine);
  assert.deepEqual([pruned.deleted.count, pruned.waitingFor.length], [0, 1]);
  await goesOnWell(machine, run);
});

test('a run that waits before it says that it is at work finds nothing of what went meanwhile', async () => {
  await using machine = await withGarbage();
  const run = await pauseAt(machine, ['run'], { call: 'link', of: '/sessions/', nth: 1 });
  const pruned = await prune(machine);
  assert.ok(pruned.deleted.count > 0, 'nobody was at work');
  await goesOnWell(machine, run);
});

test('a run that has seen the mark is not waited for: it stored anew what was to go', async () => {
  await using machine = await withGarbage();
  await machine.ask(['prune', '--yes', '--undelete', '0s', '--grace', '1h', '--max-unused', '0%']);
  const run = await pauseAt(machine, ['run'], { call: 'link', of: '/snapshots/', nth: 1 });
  const pruned = await prune(machine);
  assert.deepEqual([pruned.deleted.count > 0, pruned.waitingFor], [true, []]);
  await goesOnWell(machine, run);
});

test('a mark that is put while a run goes on waits for it', async () => {
  await using machine = await withGarbage();
  const marking = await pauseAt(machine, ['prune', '--yes', '--undelete', '0s', '--grace', '0s'], {
    call: 'link',
    of: '/marks/',
    nth: 1,
  });
  const run = await pauseAt(machine, ['run'], { call: 'link', of: '/snapshots/', nth: 1 }, 'paused-too');
  assertExit(await marking.goOn(), 0);
  await goesOnWell(machine, run);
});

test('a killed run that nobody waits for any more is cleared away, and the next one is as good as any', async () => {
  await using machine = await withGarbage();
  const run = await pauseAt(machine, ['run'], { call: 'link', of: '/snapshots/', nth: 1 });
  await run.child.kill();
  const pruned = await prune(machine);
  assert.deepEqual(pruned.waitingFor, []);
  assert.ok(pruned.deleted.count > 0);
  await backUp(machine, OLD);
  await assertHolds(machine, OLD, 'restored');
});
