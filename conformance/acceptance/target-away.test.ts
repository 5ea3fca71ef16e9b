import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Machine } from './machine.ts';
import { assertExit } from './program.ts';

test('where the target with the newest snapshot is away, a restore says that what it has may be older', async () => {
  await using machine = await Machine.create();
  const second = machine.place('second');
  const policy = await readFile(machine.policy, 'utf8');
  const both = policy
    .replace('targets: { local:', `targets: { second: { type: local, path: ${JSON.stringify(second)} }, local:`)
    .replace('targets: [local]', 'targets: [local, second]');
  await writeFile(machine.policy, both);
  await writeFile(join(machine.data, 'file'), 'old');
  assertExit(await machine.call(['init']), 0);
  const whole = await machine.call(['run']);
  assertExit(whole, 0);
  assert.match(whole.stdout, /in 1 pack to each target/);
  await writeFile(join(machine.data, 'file'), 'newer');
  await rename(second, `${second}.away`);
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

test('--job is for --stdin; beside names of jobs it is a mistake, and nothing runs', async () => {
  await using machine = await Machine.create();
  const ended = await machine.call(['run', '--job', 'nothing-of-that-name']);
  assertExit(ended, 64);
  assert.deepEqual(await machine.snapshots(), []);
});
