import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunReport } from '../../agent/engine/run-report.ts';
import { Machine } from './machine.ts';
import { assertExit, documentOf } from './program.ts';

const MiB = 2 ** 20;
const nodeArgs = ['--import', import.meta.resolve('./change-while-read.ts')];
const sizes = {
  'becomes a FIFO': 10,
  'becomes a folder': 10,
  'becomes a link': 10,
  grows: 20 * MiB,
  'is renewed': 10,
  shrinks: 10 * MiB,
  steady: 10,
  vanishes: 10,
  'vanishes while read': 10 * MiB,
};

test('files that change while they are read are stored as read, or named; no run waits for one that grows', async () => {
  await using machine = await Machine.create();
  for (const [name, size] of Object.entries(sizes)) writeFileSync(join(machine.data, name), Buffer.alloc(size, name));
  execFileSync('mkfifo', [join(machine.data, 'pipe')]);

  const ended = await machine.call(['run', '--json'], { nodeArgs });
  assertExit(ended, 3);
  const [run] = documentOf<{ runs: readonly RunReport[] }>(ended).runs;
  assert.deepEqual(
    run?.skipped.map(({ what, failure }) => [what, failure.code]),
    [
      ['becomes a FIFO', 'SOURCE_REPLACED'],
      ['becomes a folder', 'SOURCE_REPLACED'],
      ['becomes a link', 'SOURCE_REPLACED'],
      ['vanishes', 'SOURCE_VANISHED'],
    ],
  );
  const [tree] = run?.artifacts ?? [];
  const changed = ['grows', 'is renewed', 'shrinks', 'vanishes while read'];
  assert.deepEqual([tree?.changedWhileRead, tree?.changedPaths], [changed.length, changed]);

  const into = machine.place('restored');
  await machine.ask(['restore', 'files', '--into', into]);
  assert.deepEqual(readdirSync(into), [...changed, 'pipe', 'steady'].sort());
  const sizeOf = (folder: string, name: string) => statSync(join(folder, name)).size;
  assert.equal(sizeOf(into, 'grows'), sizes.grows, 'as large as when it was opened');
  assert.ok(sizeOf(machine.data, 'grows') > 2 * sizes.grows);
  assert.equal(sizeOf(into, 'shrinks'), 1000);
  assert.equal(sizeOf(into, 'vanishes while read'), sizes['vanishes while read'], 'an open file stays');
  assert.equal(readFileSync(join(into, 'is renewed'), 'utf8'), 'the new one');
});

test('people are told which files changed', async () => {
  await using machine = await Machine.create();
  for (const name of ['grows', 'is renewed']) writeFileSync(join(machine.data, name), name);
  const ended = await machine.call(['run'], { nodeArgs });
  assertExit(ended, 0);
  assert.match(ended.stdout, /changed +2 files while being read: stored as read[^\n]*\n +grows, is renewed\n/);
});
