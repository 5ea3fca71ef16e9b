/** Pruning on a target that is full: it writes before it removes, and says so when it cannot; nothing is lost by it. */
import assert from 'node:assert/strict';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Machine } from '../acceptance/machine.ts';
import { assertExit, documentOf } from '../acceptance/program.ts';
import { noise } from '../kit/samples.ts';
import { FaultyPlace } from './faulty-place.ts';
import { MARK_ONLY, PRUNE_NOW, type Pruned } from './pruned-place.ts';

const PAGE = 4096;
/** More than fits one pack (8 MiB at the least memory there may be), so that of one index one pack stays and one goes. */
const KEPT = 9_000_000;
const GONE = 300_000;

let place: FaultyPlace;
let whole: Awaited<ReturnType<typeof undisturbed>>;
before(async () => {
  place = await FaultyPlace.create(async (machine: Machine) => {
    await writeFile(join(machine.data, 'a-kept'), noise(11, KEPT));
    await writeFile(join(machine.data, 'gone'), noise(12, GONE));
    await machine.ask(['run']);
    await rm(join(machine.data, 'gone'));
  });
  whole = await undisturbed();
});
after(() => place[Symbol.asyncDispose]());

/** From the same start each time, on a file system in memory. */
async function begin(): Promise<void> {
  await place.reset();
  place.mounts.memory(place.repository);
  place.mounts.run('cp', '-a', `${place.whole}/.`, place.repository);
}

async function used(): Promise<{ pages: number; inodes: number }> {
  const { bsize, blocks, bfree, files, ffree } = await statfs(place.mounts.inside(place.repository));
  assert.equal(bsize, PAGE);
  return { pages: blocks - bfree, inodes: files - ffree };
}

async function prunes(args = PRUNE_NOW): Promise<Pruned['targets'][number]['domains'][number]> {
  const ended = await place.call(args);
  assertExit(ended, 0);
  return documentOf<Pruned>(ended).targets[0]?.domains[0] ?? assert.fail(ended.stdout);
}

/** The pages of each object of a kind by name. */
function pagesOf(kind: string): Map<string, number> {
  const found = place.mounts.run('find', join(place.repository, kind), '-type', 'f', '-printf', '%f %s\\n');
  const lines = found.split('\n').filter(Boolean);
  return new Map(lines.map((line) => [line.replace(/ .*/, ''), Math.ceil(Number(line.replace(/.* /, '')) / PAGE)]));
}

/** Pages of the objects of a kind that were not there before. */
function newPages(kind: string, before: ReadonlyMap<string, number>): number {
  return [...pagesOf(kind)].reduce((sum, [name, pages]) => sum + (before.has(name) ? 0 : pages), 0);
}

/** How large what lies there is when all is done: the names are others each time. */
const sizes = () => ['packs', 'indexes', 'marks'].map((kind) => [...pagesOf(kind).values()].sort((a, b) => a - b));

/** It fails, and all that is kept is there and can be read; when there is room again, the next one ends the work. */
async function assertFailsAndEnds(names: RegExp, room: string, ended: unknown): Promise<void> {
  await place.fails(PRUNE_NOW, 1, 'TARGET_FULL', names);
  const unfinished = place.mounts.run('find', join(place.repository, 'tmp'), '-type', 'f');
  assert.equal(unfinished, '', 'what was begun is cleared up');
  assertExit(await place.call(['verify', '--level', 'decrypt']), 0);
  place.mounts.remount(place.repository, room);
  assert.ok((await prunes()).deleted.count > 0, 'nothing was left to do');
  assert.deepEqual(sizes(), ended, 'it did not come to the same end');
}

/** Of a pruning that nothing happens to: what it writes, in pages, and what is there afterwards. */
async function undisturbed() {
  await begin();
  const start = (await used()).pages;
  const before = { packs: pagesOf('packs'), indexes: pagesOf('indexes') };
  await prunes(MARK_ONLY);
  const [packs, indexes] = [newPages('packs', before.packs), newPages('indexes', before.indexes)];
  const marked = (await used()).pages;
  await prunes();
  const ended = sizes();
  await place.assertNothingLost(1);
  place.mounts.run('umount', place.repository);
  return { start, packs, indexes, marked, ended };
}

test('a target without room for what is moved, for the mark, and where marked packs are to go', async (t) => {
  const { start, packs, indexes, marked, ended } = whole;
  assert.ok(packs > GONE / PAGE, 'nothing was moved');
  const levels = [
    { name: 'for what is moved', first: [], pages: start + (packs >> 1), at: 'packs' },
    { name: 'for the mark', first: [], pages: start + packs + indexes, at: 'marks' },
    { name: 'where marked packs are to go', first: MARK_ONLY, pages: marked, at: 'indexes' },
  ];
  for (const { name, first, pages, at } of levels) {
    await t.test(name, async () => {
      await begin();
      if (first.length > 0) await prunes(first);
      place.mounts.remount(place.repository, `size=${pages * 4}k`);
      await assertFailsAndEnds(new RegExp(`^target local: ${at}/\\S+: .*no space.*\\(ENOSPC\\)$`), 'size=200m', ended);
      if (first.length > 0) await place.assertNothingLost();
      place.mounts.run('umount', place.repository);
    });
  }
});

test('a target that has no inodes left, or not enough', async (t) => {
  for (const left of [0, 1]) {
    await t.test(`${left} left`, async () => {
      await begin();
      place.mounts.remount(place.repository, `nr_inodes=${(await used()).inodes + left}`);
      await assertFailsAndEnds(/^target local: \S+: .*no inodes left \(ENOSPC\)$/, 'nr_inodes=0', whole.ended);
      place.mounts.run('umount', place.repository);
    });
  }
});
