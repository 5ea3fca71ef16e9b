import assert from 'node:assert/strict';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { RunReport } from '../../agent/engine/run-report.ts';
import { assertExit, documentOf } from '../acceptance/program.ts';
import { noise } from '../kit/samples.ts';
import { FaultyPlace } from './faulty-place.ts';

const PAGE = 4096;
const MiB = 2 ** 20;

let place: FaultyPlace;
before(async () => {
  place = await FaultyPlace.create();
});
after(() => place[Symbol.asyncDispose]());

/** From the same start each time, on a file system in memory; `files` new files of 4 MiB. */
async function begin(files: number): Promise<void> {
  await place.reset();
  place.mounts.memory(place.repository);
  place.mounts.run('cp', '-a', `${place.whole}/.`, place.repository);
  await addFiles(files);
}

async function addFiles(files: number): Promise<void> {
  await mkdir(join(place.machine.data, 'added'));
  for (let i = 0; i < files; i++) await writeFile(join(place.machine.data, `added/${i}`), noise(100 + i, 4 * MiB));
}

async function used(): Promise<{ pages: number; inodes: number }> {
  const { bsize, blocks, bfree, files, ffree } = await statfs(place.mounts.inside(place.repository));
  assert.equal(bsize, PAGE);
  return { pages: blocks - bfree, inodes: files - ffree };
}

/** The sizes in pages of the objects of one kind, in no order. */
function pagesOf(kind: string): number[] {
  const found = place.mounts.run('find', join(place.repository, kind), '-type', 'f', '-printf', '%s\\n');
  return found
    .split('\n')
    .filter(Boolean)
    .map((size) => Math.ceil(Number(size) / PAGE));
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);

test('a target that is full at the session, at the first pack, between packs, at the index, at the snapshot', async (t) => {
  const files = 5;
  await begin(files);
  const start = (await used()).pages;
  const pages = () => ['sessions', 'packs', 'indexes'].map((kind) => sum(pagesOf(kind)));
  const before = pages();
  const whole = await place.call(['run']);
  assertExit(whole, 0);
  // In the order in which they are put: the session says that there is a run.
  const [session = 0, packs = 0, indexes = 0] = pages().map((now, i) => now - (before[i] ?? 0));
  const { totals, stored } = documentOf<{ runs: RunReport[] }>(whole).runs[0] ?? assert.fail();
  assert.ok(stored.packs >= 3, 'several packs, and room between them');
  place.mounts.run('umount', place.repository);

  const levels = [
    { name: 'at the session', room: 0, at: 'sessions' },
    { name: 'at the first pack', room: 16, at: 'packs' },
    { name: 'at the second pack', room: Math.floor(packs / 2), at: 'packs' },
    { name: 'at the index', room: session + packs, at: 'indexes' },
    { name: 'at the snapshot', room: session + packs + indexes, at: 'snapshots' },
  ];
  for (const { name, room, at } of levels) {
    await t.test(name, async (t) => {
      await begin(files);
      place.mounts.remount(place.repository, `size=${(start + room) * 4}k`);
      const names = new RegExp(`^target local: ${at}/\\S+: .*no space.*\\(ENOSPC\\)$`);
      await place.fails(['run'], 1, 'TARGET_FULL', names);
      assert.equal(
        place.mounts.run('find', join(place.repository, 'tmp'), '-type', 'f'),
        '',
        'what was begun is cleared up',
      );
      assert.equal(pagesOf('snapshots').length, 2);
      // A full target is still one to read from.
      await place.assertNothingLost();
      assertExit(await place.call(['verify']), 0);
      place.mounts.remount(place.repository, 'size=200m');
      const newBytes = await place.assertWorksAgain();
      t.diagnostic(`${name}: ${newBytes} of ${totals.newBytes} bytes were stored by the next run`);
      if (room >= packs) assert.equal(newBytes, 0, 'all of it was there');
      else if (room > 16) assert.ok(newBytes < totals.newBytes, 'what had room is not stored again');
      place.mounts.run('umount', place.repository);
    });
  }
});

test('a target that has no inodes left, or not enough', async (t) => {
  for (const left of [0, 1, 2]) {
    await t.test(`${left} left`, async () => {
      await begin(1);
      place.mounts.remount(place.repository, `nr_inodes=${(await used()).inodes + left}`);
      await place.fails(['run'], 1, 'TARGET_FULL', /^target local: \S+: .*no inodes left \(ENOSPC\)$/);
      if (left === 0) await place.isFoundByValidate('TARGET_FULL', /^target local: .*no inodes left/);
      assert.equal(pagesOf('snapshots').length, 2);
      await place.assertNothingLost();
      place.mounts.remount(place.repository, 'nr_inodes=0');
      await place.assertWorksAgain();
      place.mounts.run('umount', place.repository);
    });
  }
});

test('`init` on a target that is full leaves nothing that the next one stumbles over', async () => {
  await place.reset();
  await rm(place.machine.state, { recursive: true });
  await rm(place.repository, { recursive: true });
  await mkdir(place.repository);
  place.mounts.memory(place.repository, 'nr_inodes=4');
  await place.fails(['init'], 1, 'TARGET_FULL', /^target local: keys\/\S+: .*no inodes left/);
  place.mounts.remount(place.repository, 'nr_inodes=0');
  await rm(place.machine.place('recovery.asc'), { force: true });
  assertExit(await place.call(['init']), 0);
  assertExit(await place.call(['run']), 0);
  await place.assertRestores('latest', place.machine.data);
  place.mounts.run('umount', place.repository);
});
