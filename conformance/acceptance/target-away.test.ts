import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Machine } from './machine.ts';
import { assertExit } from './program.ts';

/** Gives the repository a second copy, and returns its folder. */
async function addSecond(machine: Machine): Promise<string> {
  const second = machine.place('second');
  const policy = await readFile(machine.policy, 'utf8');
  const both = policy
    .replace('targets: { local:', `targets: { second: { type: local, path: ${JSON.stringify(second)} }, local:`)
    .replace('targets: [local]', 'targets: [local, second]');
  await writeFile(machine.policy, both);
  assertExit(await machine.call(['init']), 0);
  return second;
}

test('`init` makes nothing where this host has seen the repository and it is away, until it is made to forget the place', async () => {
  await using machine = await Machine.create();
  const second = await addSecond(machine);
  // Set up by a version that took no note of it: then a run does.
  await rm(join(machine.state, 'places'), { recursive: true });
  assertExit(await machine.call(['run']), 0);
  await rename(second, `${second}.away`);
  const gone = await machine.call(['init']);
  assertExit(gone, 69);
  assert.match(gone.stderr, /target second: \S+ is not there; this host has seen repository [0-9a-f]{8} there before/);
  assert.match(gone.stderr, /hint +mount it first/);
  await mkdir(second);
  const empty = await machine.call(['init']);
  assertExit(empty, 69);
  assert.match(
    empty.stderr,
    /target second holds no repository; this host has seen repository [0-9a-f]{8} there before/,
  );
  assert.deepEqual(await readdir(second), []);
  const [, known = assert.fail()] = /lost for good, remove (\S+), and/.exec(empty.stderr) ?? [];
  await rm(known);
  assertExit(await machine.call(['init']), 0);
  assertExit(await machine.call(['run']), 0);
  assertExit(await machine.call(['verify', '--target', 'second']), 0);
});

test('where the target with the newest snapshot is away, a restore says that what it has may be older', async () => {
  await using machine = await Machine.create();
  const second = await addSecond(machine);
  await writeFile(join(machine.data, 'file'), 'old');
  const whole = await machine.call(['run']);
  assertExit(whole, 0);
  assert.match(whole.stdout, /in 1 pack to each target/);
  await writeFile(join(machine.data, 'file'), 'newer');
  await rename(second, `${second}.away`);
  const planned = await machine.call(['plan']);
  assert.match(planned.stdout, /lacks +target second: \S+ is not there: the run leaves it out until it is back/);
  const partly = await machine.call(['run']);
  assertExit(partly, 3);
  assert.match(partly.stdout, /in 1 pack to 1 of 2 targets/);
  await rename(`${second}.away`, second);
  await rename(machine.repository, `${machine.repository}.away`);
  const restored = await machine.call(['restore', 'files', '--into', machine.place('restored')]);
  assertExit(restored, 0);
  assert.match(
    restored.stderr,
    /stored last, is on none of the targets that can be read: what is restored may be older/,
  );
  assert.equal(await readFile(machine.place('restored/file'), 'utf8'), 'old');
});

test('a target that was chosen and lags: what is read from it is said to be older, by memory or by looking at the others', async () => {
  await using machine = await Machine.create();
  const second = await addSecond(machine);
  for (const content of ['old', 'older than newer']) {
    await writeFile(join(machine.data, 'file'), content);
    assertExit(await machine.call(['run']), 0);
  }
  await rename(second, `${second}.away`);
  await writeFile(join(machine.data, 'file'), 'newer');
  assertExit(await machine.call(['run']), 3);
  await rename(`${second}.away`, second);
  const key = ['--key', join(machine.state, 'recovery-key.asc')];
  const verbs = [
    ['restore', 'files', '--dry-run', ...key],
    ['diff', 'files', ...key],
    ['verify', '--level', 'restore', ...key],
  ];
  const told = async (env: Record<string, string>, said: RegExp) => {
    for (const verb of verbs) {
      const ended = await machine.call([...verb, '--target', 'second'], { env });
      assertExit(ended, 0);
      assert.match(ended.stderr, said);
      if (verb[0] === 'verify' && env['HOLDFAST_STATE'] === undefined)
        assert.match(ended.stdout, /newest snapshot of each job on target second was restored/);
      const ahead = await machine.call([...verb, '--target', 'local'], { env });
      assertExit(ahead, 0);
      assert.doesNotMatch(ahead.stderr, /lacks snapshot/);
    }
  };
  await told(
    {},
    /target second lacks snapshot [0-9a-f]{8} \(snapshots.*\), which this host stored last: what is read from second is older/,
  );
  await told(
    { HOLDFAST_STATE: machine.place('elsewhere') },
    /target second lacks snapshot [0-9a-f]{8} of files, which is on target local: what is read from second is older/,
  );
});

test('--job is for --stdin; beside names of jobs it is a mistake, and nothing runs', async () => {
  await using machine = await Machine.create();
  const ended = await machine.call(['run', '--job', 'nothing-of-that-name']);
  assertExit(ended, 64);
  assert.deepEqual(await machine.snapshots(), []);
});
