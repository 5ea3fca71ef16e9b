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

/** Which objects of a kind are there no more. */
function missing(kind: string, before: ReadonlyMap<string, number>): string[] {
  const now = pagesOf(kind);
  return [...before.keys()].filter((name) => !now.has(name));
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
  const deleted = missing('packs', before.packs);
  const renewed = missing('indexes', before.indexes);
  await place.assertNothingLost(1);
  place.mounts.run('umount', place.repository);
  return { start, packs, indexes, marked, ended, deleted, renewed };
}

test('a target without room for what is moved, and for the mark', async (t) => {
  const { start, packs, indexes, ended } = whole;
  assert.ok(packs > GONE / PAGE, 'nothing was moved');
  const levels = [
    { name: 'for what is moved', pages: start + (packs >> 1), at: 'packs' },
    { name: 'for the mark', pages: start + packs + indexes, at: 'marks' },
  ];
  for (const { name, pages, at } of levels) {
    await t.test(name, async () => {
      await begin();
      place.mounts.remount(place.repository, `size=${pages * 4}k`);
      await assertFailsAndEnds(new RegExp(`^target local: ${at}/\\S+: .*no space.*\\(ENOSPC\\)$`), 'size=200m', ended);
      place.mounts.run('umount', place.repository);
    });
  }
});

test('a target without any room, where marked packs are to go: they make the room for the index without them', async () => {
  await begin();
  await prunes(MARK_ONLY);
  place.mounts.remount(place.repository, `size=${whole.marked * 4}k`);
  const before = pagesOf('indexes');
  assert.ok((await prunes()).deleted.count > 0, 'nothing was deleted');
  assert.ok(newPages('indexes', before) > 0, 'no index had to be written');
  assert.deepEqual(sizes(), whole.ended, 'it did not come to the same end');
  await place.assertNothingLost();
  place.mounts.run('umount', place.repository);
});

test('broken off after packs were deleted so, and before the index was made without them: the next pruning ends it', async () => {
  await begin();
  await prunes(MARK_ONLY);
  assert.ok(whole.deleted.length > 0 && whole.renewed.length > 0, 'nothing is to be deleted');
  for (const name of whole.deleted) place.mounts.run('find', join(place.repository, 'packs'), '-name', name, '-delete');
  await prunes();
  const left = pagesOf('indexes');
  assert.deepEqual(
    whole.renewed.filter((name) => left.has(name)),
    [],
    'what is gone is still named',
  );
  assert.deepEqual(sizes(), whole.ended, 'it did not come to the same end');
  await place.assertNothingLost();
  place.mounts.run('umount', place.repository);
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
