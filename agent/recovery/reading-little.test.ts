import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { defaultOptions } from '../config/default-options.ts';
import type { Job, SourceSpec } from '../config/policy.ts';
import { makeRecipient, noise, TestRepository } from '../engine/repository.fixture.ts';
import { ContentComparison } from './content-comparison.ts';
import { linesOf, openLine, searchHistory } from './history-search.ts';
import { restore, withDomains, withSnapshot } from './reading.fixture.ts';
import { Selection } from './selection.ts';
import { compareSnapshots } from './snapshot-difference.ts';

const FILES = 20_000;
const MiB = 2 ** 20;
/** A frame, sealed and at its largest, and what may lie between two that are read in one go. */
const FRAME_BYTES = 1.01 * MiB;

let r: TestRepository;
let source: SourceSpec;
let pipeline: Job['pipeline'];
/** Pages of the tree, and bytes of objects that everybody reads who opens a snapshot. */
let pages = 0;
let opening = 0;

before(async () => {
  r = await TestRepository.create({ plugins: builtinPlugins, recipient: await makeRecipient() });
  const data = join(r.folder, 'data');
  const bytes = noise(1, 300_000);
  for (let i = 0; i < FILES; i++) {
    const folder = join(data, `${i % 20}`, `${i % 400}`);
    if (i < 400) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `a rather long name of a small file, number ${i}.bin`), bytes.subarray(i, i + 800));
  }
  writeFileSync(join(data, '7/47/wanted.txt'), noise(2, 10_000));
  source = r.files({ paths: [data] });
  const cdc = r.engine.registry.get('chunker', 'fastcdc');
  assert.ok(cdc);
  pipeline = { ...r.job().pipeline, chunk: { type: 'fastcdc', options: defaultOptions(cdc) } };
  await run();
  pages = await withSnapshot(r, async (_, { body }) => body.artifacts[0]?.pages.length ?? 0, { source: 'files' });
  for (const prefix of ['repository', 'keys/', 'snapshots/', 'indexes/'])
    for (const key of await r.keys(prefix)) opening += statSync(r.path(key)).size;
});
async function run(): Promise<void> {
  assert.equal((await r.run({ source, pipeline })).verdict, 'ok');
}

after(() => r[Symbol.asyncDispose]());

/** What is read from packs, and how many pages of the tree are opened. */
async function listing(patterns: readonly string[], depth?: number) {
  return withSnapshot(
    r,
    async (reader, unlocked) => {
      r.reads.length = 0;
      const paths: string[] = [];
      for await (const { path } of reader.tree('files', patterns, depth)) paths.push(Buffer.from(path).toString());
      const packs = r.reads.filter(({ key }) => key.startsWith('packs/'));
      return { paths, opened: unlocked.pages.opened, reads: packs.length, bytes: total(packs) };
    },
    { source: 'files' },
  );
}

function total(reads: readonly { readonly bytes: number }[]): number {
  return reads.reduce((sum, { bytes }) => sum + bytes, 0);
}

test('a path and a folder open the pages that can hold them; a name and a pattern all of them', async (t) => {
  assert.ok(pages >= 8, `${pages} pages`);
  const one = await listing(['7/47/wanted.txt']);
  const folder = await listing(['7/47/']);
  const two = await listing(['/7/47/wanted.txt', '7/47/*.none']);
  const [name, pattern] = [await listing(['wanted.txt']), await listing(['*.txt'])];
  t.diagnostic(`${pages} pages, ${one.opened} opened for one path in ${one.reads} reads of ${one.bytes} bytes`);
  t.diagnostic(`${pattern.opened} opened for a pattern in ${pattern.reads} reads of ${pattern.bytes} bytes`);
  const above = ['', '7', '7/47'];
  assert.deepEqual(one.paths, [...above, '7/47/wanted.txt']);
  assert.deepEqual([folder.paths.length, folder.paths.at(-1)], [2 + 52, '7/47/wanted.txt']);
  assert.deepEqual([two.paths, name.paths, pattern.paths], [one.paths, one.paths, one.paths]);
  // The root's, that of 7, and that of 7/47: at most.
  for (const little of [one, folder, two]) assert.ok(little.opened <= 3 && little.reads <= 3, `${little.opened}`);
  for (const all of [name, pattern]) assert.equal(all.opened, pages);
});

test('folders that are not entered are not read', async (t) => {
  const [top, below] = [await listing([], 1), await listing(['7/'], 1)];
  t.diagnostic(`${pages} pages, ${top.opened} opened for the first level, ${below.opened} for that of one folder`);
  assert.equal(top.paths.filter((path) => path !== '' && !path.includes('/')).length, 20);
  assert.equal(below.paths.filter((path) => /^7\/\d+$/.test(path)).length, 20);
  assert.ok(below.opened < pages / 2, `${below.opened} of ${pages}`);
});

test('one file of 10 kB out of 20,000: its pages, its frame, and each page once', async (t) => {
  r.reads.length = 0;
  const report = await restore(r, source, join(r.folder, 'one'), { select: ['7/47/wanted.txt'] });
  assert.deepEqual([report.verdict, report.bytes], ['ok', 10_000], JSON.stringify(report.failure));
  assert.deepEqual(readFileSync(join(r.folder, 'one/7/47/wanted.txt')), Buffer.from(noise(2, 10_000)));
  assert.deepEqual(readdirSync(join(r.folder, 'one')), ['7']);
  const packs = r.reads.filter(({ key }) => key.startsWith('packs/'));
  t.diagnostic(`${r.reads.length} reads of ${total(r.reads)} bytes, of packs ${packs.length} of ${total(packs)}`);
  // Three pages at most, in a frame each, and the frame of the content; though plan and restore both look.
  assert.ok(packs.length <= 4, `${packs.length} reads of packs`);
  assert.ok(total(packs) <= 4 * FRAME_BYTES, `${total(packs)} bytes of packs`);
  const objects = (await r.keys('')).length;
  const others = r.reads.length - packs.length;
  // Of what is no pack, the marker and the epoch are read twice.
  assert.ok(others <= objects - (await r.keys('packs/')).length + 2, `${others} reads of other objects`);
  assert.ok(total(r.reads) - total(packs) <= opening + 4096, `${total(r.reads)} bytes`);
});

test('two snapshots that differ in one file: one page of each is opened, and nothing else is read', async (t) => {
  writeFileSync(join(r.folder, 'data/7/47/wanted.txt'), noise(3, 20_000));
  await run();
  await withDomains(r, async (domains, [from, to]) => {
    assert.ok(from && to);
    const [first, second] = [await domains.open(from), await domains.open(to)];
    r.reads.length = 0;
    const found: string[] = [];
    const content = new ContentComparison(first, second, false);
    for await (const change of compareSnapshots(first, second, new Selection([]), content))
      if ('entry' in change && change.entry.change === 'changed')
        found.push(Buffer.from(change.entry.after.path).toString());
    t.diagnostic(`${pages} pages, ${domains.read.pages} opened in ${r.reads.length} reads of ${total(r.reads)} bytes`);
    assert.deepEqual(found, ['7/47/wanted.txt']);
    // The time of its folder is the same: a file was written into, not made.
    assert.equal(domains.read.pages, 2);
    assert.ok(r.reads.length <= 2 && total(r.reads) <= 2 * FRAME_BYTES, `${total(r.reads)} bytes`);
  });
});

test('a search through snapshots opens each page once, in however many of them it is', async (t) => {
  await run();
  const search = (patterns: readonly string[]) =>
    withDomains(r, async (domains, snapshots) => {
      const [line] = linesOf(snapshots);
      assert.ok(line);
      const opened = await openLine(domains, line, ({ failure }) => assert.fail(failure.message));
      r.reads.length = 0;
      const steps: number[][] = [];
      for await (const history of searchHistory(opened, new Selection(patterns), ({ failure }) =>
        assert.fail(failure.message),
      ))
        steps.push(history.steps.map(({ snapshots: { length } }) => length));
      return { steps, pages: domains.read.pages, reads: r.reads.length, bytes: total(r.reads) };
    });
  const all = await search(['*.txt']);
  const one = await search(['7/47/wanted.txt']);
  t.diagnostic(
    `3 snapshots of ${pages} pages, two of which differ in one: ${all.pages} opened in ${all.reads} reads of ${all.bytes} bytes`,
  );
  t.diagnostic(`for one path ${one.pages} opened in ${one.reads} reads of ${one.bytes} bytes`);
  assert.deepEqual([all.steps, one.steps], [[[1, 2]], [[1, 2]]]);
  assert.equal(all.pages, pages + 1);
  assert.ok(all.reads <= pages, `${all.reads} reads`);
  assert.ok(one.pages <= 4 && one.reads <= 4, `${one.pages} pages in ${one.reads} reads`);
});
