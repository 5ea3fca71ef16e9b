import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunReport } from '../../agent/engine/run-report.ts';
import { Machine } from './machine.ts';
import { assertExit, documentOf } from './program.ts';

const listed = (folder: string) => readdirSync(folder, { recursive: true }).sort();

test('what is mounted below a path is entered, or with oneFileSystem stays an empty folder', async (t) => {
  await using machine = await Machine.create();
  for (const name of ['tmpfs', 'bound', 'elsewhere']) mkdirSync(join(machine.data, name));
  writeFileSync(join(machine.data, 'elsewhere/file'), 'e');
  // In a name space of its own, which goes with the last process in it, whatever becomes of this test.
  const script = `
    mount -t tmpfs tmpfs data/tmpfs && echo t >data/tmpfs/file && mount --bind data/elsewhere data/bound && exec "$@"`;
  const through = ['unshare', '--mount', 'sh', '-ec', script, 'sh'];
  const tried = spawnSync(through[0] ?? '', [...through.slice(1), 'true'], { cwd: machine.folder, encoding: 'utf8' });
  if (tried.status !== 0) {
    t.diagnostic(`not tried: nobody may mount here (${tried.stderr.trim()})`);
    return;
  }
  const backUp = async () => {
    const ended = await machine.call(['run', '--json'], { through });
    assertExit(ended, 0);
    assert.deepEqual(documentOf<{ runs: readonly RunReport[] }>(ended).runs[0]?.skipped, []);
  };
  const restored = async (name: string) => {
    const into = machine.place(name);
    await machine.ask(['restore', 'files', '--into', into]);
    return listed(into);
  };
  const all = ['bound', 'bound/file', 'elsewhere', 'elsewhere/file', 'tmpfs', 'tmpfs/file'];
  await backUp();
  assert.deepEqual(await restored('all'), all);
  await machine.setPolicy({ sources: { files: { type: 'files', paths: [machine.data], oneFileSystem: true } } });
  await backUp();
  // A part of the same file system that is bound elsewhere is no other file system.
  assert.deepEqual(
    await restored('one'),
    all.filter((path) => path !== 'tmpfs/file'),
  );
});

test('nothing is removed from what is mounted below a path when it is restored in place, whatever was captured there', async (t) => {
  await using machine = await Machine.create();
  for (const name of ['disk', 'filled/deeper']) mkdirSync(join(machine.data, name), { recursive: true });
  writeFileSync(join(machine.data, 'filled/deeper/file'), 'f');
  await machine.ask(['run']);
  writeFileSync(join(machine.data, 'surplus'), 's');
  const script = `
    for each in disk filled; do mount -t tmpfs tmpfs data/$each; done
    mkdir data/filled/deeper; echo photo | tee data/disk/photo data/filled/photo >data/filled/deeper/photo
    "$@"
    cat data/disk/photo data/filled/photo data/filled/deeper/photo >kept`;
  const through = ['unshare', '--mount', 'sh', '-ec', script, 'sh'];
  const tried = spawnSync(through[0] ?? '', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', machine.data], {
    encoding: 'utf8',
  });
  if (tried.status !== 0) {
    t.diagnostic(`not tried: nobody may mount here (${tried.stderr.trim()})`);
    return;
  }
  assertExit(await machine.call(['restore', 'files', '--in-place', '--delete', '--yes'], { through }), 0);
  assert.equal(readFileSync(join(machine.folder, 'kept'), 'utf8'), 'photo\n'.repeat(3));
  assert.deepEqual(
    listed(machine.data),
    ['disk', 'filled', 'filled/deeper', 'filled/deeper/file'],
    'only the surplus is gone',
  );
});
