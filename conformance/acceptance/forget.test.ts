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

test('a hold keeps what it names on every target; one that names nothing there keeps everything', async () => {
  await using machine = await withSnapshots(4);
  const [first, second] = (await machine.snapshots()).map(({ id }) => id);
  const policy = readFileSync(machine.policy, 'utf8');
  const held = (id: string) => `${policy}holds: { dispute: { by: counsel, why: a dispute, snapshots: ["${id}"] } }\n`;
  writeFileSync(machine.policy, held('0123456789abcdef'));
  const refused = await machine.call(['forget', '--yes']);
  assertExit(refused, 78);
  assert.match(refused.stderr, /the hold dispute names snapshot 0123456789abcdef, and no target has one/);
  writeFileSync(machine.policy, held(first as string));
  const done = await machine.ask<Plan>(['forget', '--yes']);
  assert.equal(done.forgotten, 2);
  const because = done.targets[0]?.jobs[0]?.snapshots.find(({ id }) => id === first)?.because;
  assert.deepEqual(because, ['hold by counsel without end: a dispute']);
  const left = (await machine.snapshots()).map(({ id }) => id);
  assert.deepEqual([left.includes(first as string), left.includes(second as string)], [true, false]);
});

test('a target with rules of its own is forgotten on by those, and nothing is copied back to it', async () => {
  await using machine = await withSnapshots(4);
  const policy = readFileSync(machine.policy, 'utf8');
  const tiers = 'keep: { last: 9 }, targets: { second: { keep: { last: 1 } } }';
  assert.ok(policy.includes('keep: { last: 2 }'));
  writeFileSync(machine.policy, policy.replace('keep: { last: 2 }', tiers));
  const done = await machine.ask<Plan>(['forget', '--yes']);
  assert.deepEqual(
    actions(done).map(([target, ...rows]) => [target, rows.filter((row) => row?.endsWith('forget')).length]),
    [
      ['local', 0],
      ['second', 3],
    ],
  );
  assert.equal((await machine.snapshots()).length, 4);
  await machine.ask(['prune', '--yes', '--undelete', '0s', '--grace', '0s']);
  const count = (place: string) =>
    readdirSync(join(place, 'snapshots'), { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
      .length;
  assert.deepEqual([count(machine.repository), count(machine.place('second'))], [4, 1]);
  writeFileSync(join(machine.data, 'file'), 'content 5');
  await machine.ask(['run']);
  assert.deepEqual([count(machine.repository), count(machine.place('second'))], [5, 2]);
  assertExit(await machine.call(['verify', '--level', 'decrypt']), 0);
});

test('a clock that is a year ahead forgets nothing that the clock of the target keeps', async () => {
  await using machine = await withSnapshots(3);
  const policy = readFileSync(machine.policy, 'utf8');
  writeFileSync(machine.policy, policy.replace('keep: { last: 2 }', 'keep: { within: 7d }'));
  const ahead = {
    nodeArgs: ['--import', import.meta.resolve('../faults/shifted-clock.ts')],
    env: { HOLDFAST_TEST_SHIFT: String(366 * 86_400_000) },
  };
  assert.equal((await machine.ask<Plan>(['forget', '--yes'], ahead)).forgotten, 0);
});
