import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Machine } from './machine.ts';
import { assertExit } from './program.ts';

/** A time as `snapshots` shows it, in UTC. */
async function shown(machine: Machine, id: string): Promise<string> {
  const { stdout } = await machine.call(['snapshots'], { env: { TZ: 'UTC' } });
  const line = stdout.split('\n').find((row) => row.startsWith(id)) ?? '';
  return /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.exec(line)?.[0] ?? assert.fail(stdout);
}

test('the time that is shown of a snapshot means that snapshot: to restore, to list, to look for something', async () => {
  await using machine = await Machine.create();
  await writeFile(join(machine.data, 'file'), 'first');
  // Its end, which is never at the beginning of a second but by chance, is shown without the parts of it.
  let id = '';
  for (let parts = 0; parts === 0; ) {
    assertExit(await machine.call(['run']), 0);
    const { snapshots } = await machine.ask<{ snapshots: readonly { id: string; finished: string }[] }>(['snapshots']);
    const [newest] = snapshots.toSorted((a, b) => b.finished.localeCompare(a.finished));
    id = newest?.id ?? '';
    parts = Date.parse(newest?.finished ?? '') % 1000;
  }
  const at = await shown(machine, id);
  const env = { TZ: 'UTC' };
  const restored = await machine.call(['restore', 'files', '--at', at, '--into', machine.place('restored')], { env });
  assertExit(restored, 0);
  assert.ok(restored.stdout.includes(`${id} of ${at}`), restored.stdout);
  assertExit(await machine.call(['ls', 'files', '--at', at], { env }), 0);
  const found = await machine.call(['find', 'file', '--from', at, '--to', at], { env });
  assertExit(found, 0);
  const [date = '', time = ''] = at.split(' ');
  const before = new Date(Date.parse(`${date}T${time}Z`) - 1000).toISOString().slice(0, 19).replace('T', ' ');
  const first = await machine.call(['ls', 'files', '--at', before], { env });
  assert.ok(!first.stdout.includes(id), 'a second before is before');
});

test('--quiet: what went well is not reported, what did not is', async () => {
  await using machine = await Machine.create();
  await writeFile(join(machine.data, 'file'), 'first');
  for (const verb of [['run'], ['verify'], ['restore', 'files', '--into', machine.place('restored')]]) {
    const { exit, stdout, stderr } = await machine.call([...verb, '--quiet']);
    assert.equal(exit, 0, stderr);
    assert.equal(stdout, '', verb.join(' '));
  }
  const { stdout } = await machine.call(['run', '--quiet', '--json']);
  assert.equal(JSON.parse(stdout).runs[0].verdict, 'ok');
  await machine.setPolicy({ paths: [machine.place('gone')] });
  const failed = await machine.call(['run', '--quiet']);
  assertExit(failed, 1);
  assert.match(failed.stderr, /gone/);
});

test('init --protect: of nothing, or beside a policy that protects something else, is a mistake and not silence', async () => {
  await using machine = await Machine.prepare();
  const nothing = await machine.call(['init', '--yes', '--protect', 'missing']);
  assertExit(nothing, 64);
  assert.match(nothing.stderr, /missing: there is nothing of that name/);
  assertExit(await machine.call(['init', '--yes', '--protect', 'data']), 0);
  assertExit(await machine.call(['init', '--yes', '--protect', 'data']), 0);
  const other = await machine.call(['init', '--yes', '--protect', machine.folder]);
  assertExit(other, 64);
  assert.match(other.stderr, /holdfast\.yaml is there already, and does not protect it/);
});
