import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Machine } from './machine.ts';
import { assertExit } from './program.ts';

interface Plan {
  readonly forgotten: number;
  readonly carriedOut: boolean;
  readonly targets: readonly {
    readonly target: string;
    readonly jobs: readonly {
      readonly snapshots: readonly { readonly id: string; readonly action: string; readonly because: string[] }[];
    }[];
  }[];
}

/** A machine with so many snapshots on two targets, of which its class keeps two. */
async function withSnapshots(count: number): Promise<Machine> {
  const machine = await Machine.create({ moreTargets: ['second'], keep: { last: 2 } });
  for (let n = 1; n <= count; n++) {
    writeFileSync(join(machine.data, 'file'), `content ${n}`);
    await machine.ask(['run']);
  }
  return machine;
}

const actions = (plan: Plan) =>
  plan.targets.map(({ target, jobs }) => [
    target,
    ...jobs.flatMap(({ snapshots }) => snapshots.map(({ id, action }) => `${id} ${action}`)),
  ]);

test('a plan says what stays and why; carried out, it is what was planned, and nothing is deleted', async () => {
  await using machine = await withSnapshots(4);
  const ids = (await machine.snapshots()).map(({ id }) => id).toReversed();
  const planned = await machine.ask<Plan>(['forget', '--dry-run']);
  assert.deepEqual(actions(planned), [
    ['local', `${ids[0]} keep`, `${ids[1]} keep`, `${ids[2]} forget`, `${ids[3]} forget`],
    ['second', `${ids[0]} keep`, `${ids[1]} keep`, `${ids[2]} forget`, `${ids[3]} forget`],
  ]);
  assert.deepEqual((await machine.snapshots()).length, 4);
  const before = await machine.objects('snapshots');

  const asked = await machine.call(['forget']);
  assertExit(asked, 64);
  assert.match(asked.stderr, /4 snapshots would be forgotten, and there is nobody to ask/);
  const done = await machine.ask<Plan>(['forget', '--yes']);
  assert.deepEqual([done.carriedOut, done.forgotten, actions(done)], [true, 4, actions(planned)]);

  assert.deepEqual(
    (await machine.snapshots()).map(({ id }) => id),
    [ids[1], ids[0]],
  );
  assert.deepEqual(await machine.objects('snapshots'), before);
  assertExit(await machine.call(['verify']), 0);
  const again = await machine.ask<Plan>(['forget', '--yes']);
  assert.equal(again.forgotten, 0);
  const unknown = await machine.call(['restore', 'files', '--at', ids[2] as string, '--into', machine.place('out')]);
  assertExit(unknown, 64);
  // The next run goes on in the chain, and copies nothing back.
  await machine.ask(['run']);
  assertExit(await machine.call(['verify']), 0);
});

test('what was forgotten is brought back by its id; then it restores', async () => {
  await using machine = await withSnapshots(3);
  const [oldest] = (await machine.snapshots()).map(({ id }) => id);
  assert.ok(oldest);
  await machine.ask(['forget', '--yes']);
  const listed = await machine.call(['snapshots', '--forgotten']);
  assert.match(listed.stdout, new RegExp(`^${oldest} `, 'm'));
  assertExit(await machine.call(['forget', '--undo', 'ffffffff']), 64);
  await machine.ask(['forget', '--undo', oldest]);
  assert.deepEqual((await machine.snapshots()).length, 3);
  await machine.ask(['restore', 'files', '--at', oldest, '--into', machine.place('out')]);
  assert.equal(readFileSync(machine.place('out/file'), 'utf8'), 'content 1');
});

test('a hole is known to be none where its removal was said, and found where it was not', async () => {
  await using machine = await withSnapshots(4);
  const keys = [...(await machine.objects('snapshots')).keys()].sort();
  await machine.ask(['forget', '--yes']);
  // As prune leaves it.
  for (const place of [machine.repository, machine.place('second')]) await rm(join(place, keys[1] as string));
  const after = await machine.call(['verify', '--level', 'list']);
  assertExit(after, 0);
  await machine.ask(['run']);
  assert.ok(!(await machine.objects('snapshots')).has(keys[1] as string), 'it was copied back');
  for (const place of [machine.repository, machine.place('second')]) await rm(join(place, keys[3] as string));
  const holed = await machine.call(['verify', '--level', 'list']);
  assertExit(holed, 1);
  assert.match(holed.stdout, /CHAIN_BROKEN|follows snapshot/);
});

test('a record counts on the target that it was made for, signed as it is, and nowhere else', async () => {
  await using machine = await withSnapshots(3);
  await machine.ask(['forget', '--yes', '--target', 'local']);
  const folder = (place: string) => join(place, 'removals');
  // Wanted on the other one, it is listed, and not missed on the first.
  assert.deepEqual((await machine.snapshots()).length, 3);
  assertExit(await machine.call(['verify', '--level', 'list']), 0);
  // Copied to where it was not made for.
  await cp(folder(machine.repository), folder(machine.place('second')), { recursive: true });
  assert.deepEqual((await machine.snapshots()).length, 3);
  await rm(folder(machine.place('second')), { recursive: true });

  const [writer] = readdirSync(folder(machine.repository));
  const [name] = readdirSync(join(folder(machine.repository), writer as string));
  const file = join(folder(machine.repository), writer as string, name as string);
  const bytes = readFileSync(file);
  bytes[40] = (bytes[40] ?? 0) ^ 1;
  await rename(file, machine.place('kept'));
  writeFileSync(file, bytes);
  const listed = await machine.call(['snapshots', '--target', 'local']);
  assertExit(listed, 1);
  assert.match(listed.stderr, /removals\/.* is damaged/);
  assert.equal(listed.stdout.trim().split('\n').length, 4);
});
