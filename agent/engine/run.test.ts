import assert from 'node:assert/strict';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import type { TreeEntry } from '../contract/index.ts';
import { withSnapshot } from '../recovery/reading.fixture.ts';
import {
  collect,
  dataEntry,
  entries,
  folderEntry,
  makeRecipient,
  noise,
  pieces,
  TestRepository,
} from './repository.fixture.ts';

const recipient = await makeRecipient();
const plugins = builtinPlugins;
const unhandled: unknown[] = [];
process.on('unhandledRejection', (error) => unhandled.push(error));
after(() => assert.deepEqual(unhandled, []));

/** A repository, and a folder of files that count as settled: the clock is ahead of their time stamps. */
async function repositoryWithFiles(files: Readonly<Record<string, Uint8Array>>) {
  const r = await TestRepository.create({ plugins, recipient });
  const folder = join(r.folder, 'data');
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
  r.clock = new Date(Date.now() + 60_000);
  return Object.assign(r, { data: folder, job1: { source: r.files({ paths: [folder] }) } });
}

const link = (path: string): TreeEntry => ({
  path: Buffer.from(path),
  meta: { mode: 0o777, uid: 0, gid: 0, mtimeNs: 0n },
  kind: 'symlink',
  target: Buffer.from('x'),
});

test('a second run reads nothing that is unchanged, and only what changed', async () => {
  await using r = await repositoryWithFiles({
    'a/one': noise(1, 50_000),
    'a/two': noise(2, 90_000),
    three: noise(3, 10),
  });
  const first = await r.run(r.job1);
  assert.equal(first.verdict, 'ok', `${first.failure?.message}`);
  assert.deepEqual([first.totals.files, first.totals.unchanged, first.totals.size], [3, 0, 140_010]);
  assert.equal(first.counters.stages.read.bytesOut, 140_010);
  assert.equal(first.snapshot?.sequence, 1);

  const packs = await r.keys('packs/');
  const second = await r.run(r.job1);
  assert.deepEqual([second.totals.unchanged, second.counters.stages.read.bytesOut], [3, 0]);
  assert.deepEqual([second.totals.newChunks, second.stored.packs], [0, 0]);
  assert.deepEqual(await r.keys('packs/'), packs);
  assert.equal(second.snapshot?.sequence, 2);

  await writeFile(join(r.data, 'a/one'), noise(4, 60_000));
  r.clock = new Date(Date.now() + 60_000);
  const third = await r.run(r.job1);
  assert.deepEqual([third.totals.unchanged, third.counters.stages.read.bytesOut], [2, 60_000]);
  assert.equal((await r.engine.catalog.runs.last('job'))?.state, 'ok');
});

test('what was written just before the run is read again by the next', async () => {
  await using r = await repositoryWithFiles({ old: noise(1, 1000) });
  await writeFile(join(r.data, 'fresh'), noise(2, 1000));
  r.clock = new Date();
  await r.run(r.job1);
  const again = await r.run(r.job1);
  assert.equal(again.totals.unchanged, 0, 'both are younger than the racy window by this clock');
  r.clock = new Date(Date.now() + 60_000);
  await r.run(r.job1);
  assert.equal((await r.run(r.job1)).totals.unchanged, 2);
});

test('a file whose chunks are gone from the repository is read again and stored anew', async () => {
  await using r = await repositoryWithFiles({ one: noise(1, 50_000) });
  await r.run(r.job1);
  for (const key of await r.keys('packs/')) await r.remove(key);
  const again = await r.run(r.job1);
  assert.equal(again.verdict, 'ok');
  assert.deepEqual(
    again.problems.map(({ code }) => code),
    ['PACK_MISSING'],
  );
  assert.deepEqual([again.totals.unchanged, again.counters.stages.read.bytesOut], [0, 50_000]);
  await withSnapshot(
    r,
    async (reader) => {
      for await (const entry of reader.tree('files')) {
        if (entry.kind === 'file') assert.deepEqual(await collect(entry.content.read()), Buffer.from(noise(1, 50_000)));
      }
    },
    { source: 'files' },
  );
});

test('a file of more than 1024 chunks keeps its list apart, reads back whole, and is not read again', async () => {
  const large = noise(7, 3_000_000);
  await using r = await repositoryWithFiles({ large, small: noise(8, 100) });
  const pipeline = { ...r.job().pipeline, chunk: { type: 'fastcdc', options: { min: 1024, avg: 1024, max: 2048 } } };
  const first = await r.run({ ...r.job1, pipeline });
  assert.equal(first.verdict, 'ok', `${first.failure?.message}`);
  assert.ok(first.counters.chunks > 1500, `${first.counters.chunks} chunks`);
  const second = await r.run({ ...r.job1, pipeline });
  assert.deepEqual([second.totals.unchanged, second.counters.stages.read.bytesOut], [2, 0]);
  assert.equal(second.totals.newChunks, 0, 'neither content nor list');
  const third = await r.run({ ...r.job1, pipeline });
  assert.equal(third.totals.unchanged, 2, 'it stays known');
  await withSnapshot(
    r,
    async (reader) => {
      const found: string[] = [];
      for await (const entry of reader.tree('files')) {
        if (entry.kind !== 'file') continue;
        found.push(Buffer.from(entry.path).toString());
        if (entry.size === large.length) {
          assert.deepEqual(await collect(entry.content.read()), Buffer.from(large));
          const middle = await collect(entry.content.read({ offset: 1_234_567, length: 1000 }));
          assert.deepEqual(middle, Buffer.from(large.subarray(1_234_567, 1_235_567)));
        }
      }
      assert.deepEqual(found, ['large', 'small']);
    },
    { source: 'files' },
  );
});

test('content that is there twice is stored once: in a run, and across sources of one domain', async () => {
  const bytes = noise(5, 200_000);
  await using r = await repositoryWithFiles({ one: bytes, two: bytes });
  const files = await r.run(r.job1);
  assert.equal(files.totals.size, 400_000);
  assert.ok(files.totals.newBytes < 210_000, `${files.totals.newBytes} new`);
  const stream = await r.runWith(
    async (out) => {
      await out.bytes('dump', pieces(bytes, 1, 65_536, 7), { chunker: 'cdc' });
      return { facts: null };
    },
    { name: 'other' },
  );
  assert.equal(stream.verdict, 'ok', `${stream.failure?.message}`);
  assert.ok(stream.totals.newBytes < 5000, `only its chunk list is new, not ${stream.totals.newBytes}`);
});

test('streams of any piece size read back the same; empty ones too', async () => {
  await using r = await TestRepository.create({ plugins, recipient });
  const streams: Record<string, { bytes: Uint8Array; sizes: number[] }> = {
    whole: { bytes: noise(1, 300_000), sizes: [] },
    single: { bytes: noise(2, 20_000), sizes: [1] },
    odd: { bytes: noise(3, 300_001), sizes: [1, 16_383, 3, 65_537, 1] },
    // Longer than a window of the stream, so that it is cut into segments.
    long: { bytes: noise(4, 10_000_000), sizes: [1_048_577] },
    empty: { bytes: new Uint8Array(0), sizes: [] },
    tiny: { bytes: Uint8Array.of(0), sizes: [1] },
  };
  const report = await r.runWith(async (out) => {
    for (const [name, { bytes, sizes }] of Object.entries(streams)) {
      const chunker = name === 'odd' ? 'fixed' : 'cdc';
      await out.bytes(name, pieces(bytes, ...sizes), { chunker, facts: () => ({ name }) });
    }
    await out.tree('nothing', entries());
    await out.tree('root', entries(folderEntry(''), dataEntry('empty', new Uint8Array(0))));
    return { facts: { rows: 1 } };
  });
  assert.equal(report.verdict, 'ok', `${report.failure?.message}`);
  await withSnapshot(r, async (reader, { snapshot }) => {
    assert.deepEqual(snapshot.opened.header.facts, { rows: 1 });
    for (const [name, { bytes }] of Object.entries(streams)) {
      assert.ok(Buffer.from(bytes).equals(await collect(reader.bytes(name))), name);
    }
    const { bytes } = streams['long'] as { bytes: Uint8Array };
    for (const [offset, length] of [
      [0, 1],
      [9_999_999, 10],
      [5_000_001, 70_000],
      [10_000_000, 5],
      [3, 0],
    ] as const) {
      const range = await collect(reader.bytes('long', { offset, length }));
      assert.ok(Buffer.from(bytes.subarray(offset, offset + length)).equals(range), `${offset} + ${length}`);
    }
    const kinds: string[] = [];
    for await (const entry of reader.tree('root')) kinds.push(`${entry.kind} ${Buffer.from(entry.path)}`);
    assert.deepEqual(kinds, ['directory ', 'file empty']);
    for await (const entry of reader.tree('nothing')) assert.fail(`${entry.kind}`);
  });
});

test('one file to read before thousands of entries that need nothing does not make the run wait for itself', async () => {
  await using r = await TestRepository.create({ plugins, recipient });
  const file = join(r.folder, 'file');
  await writeFile(file, 'x');
  const { mode, uid, gid } = await stat(file);
  const meta = { ...link('0').meta, mode: mode & 0o7777, uid, gid };
  const stamp = { size: 1, mtimeNs: 0n, ctimeNs: 0n, inode: 1n, device: 1n };
  const report = await r.runWith(async (out) => {
    const first = { ...link('0'), meta, kind: 'file', file: Buffer.from(file), stamp } as TreeEntry;
    const rest = Array.from({ length: 20_000 }, (_, i) => link(`l${String(i).padStart(6, '0')}`));
    await out.tree('tree', entries(first, ...rest));
    return { facts: null };
  });
  assert.equal(report.verdict, 'ok', `${report.failure?.message}`);
  assert.equal(report.totals.entries, 20_001);
  const [tree] = report.artifacts;
  assert.deepEqual([tree?.changedWhileRead, tree?.changedPaths], [1, ['0']], 'its stamp was not that of the file');
});

test('data in a tree is read in order, one after the other, and never many at once', async () => {
  await using r = await TestRepository.create({ plugins, recipient });
  const order: string[] = [];
  async function* tape(): AsyncGenerator<TreeEntry> {
    for (let i = 0; i < 300; i++) {
      const name = `f${String(i).padStart(4, '0')}`;
      const data = async function* () {
        order.push(`begin ${i}`);
        yield noise(i, 3000);
        order.push(`end ${i}`);
      };
      yield { ...dataEntry(name, new Uint8Array(0)), kind: 'data', data: data() } as TreeEntry;
    }
  }
  const report = await r.runWith(async (out) => {
    await out.tree('tape', tape());
    return { facts: null };
  });
  assert.equal(report.verdict, 'ok', `${report.failure?.message}`);
  assert.deepEqual(order, Array.from({ length: 300 }, (_, i) => [`begin ${i}`, `end ${i}`]).flat());
  await withSnapshot(r, async (reader) => {
    let i = 0;
    for await (const entry of reader.tree('tape')) {
      if (entry.kind === 'file' && i % 50 === 0)
        assert.deepEqual(await collect(entry.content.read()), Buffer.from(noise(i, 3000)));
      i++;
    }
    assert.equal(i, 300);
  });
});

test('what could not be read makes the run incomplete, by name, and other names of it are not stored', async () => {
  await using r = await TestRepository.create({ plugins, recipient });
  const gone = Buffer.from(join(r.folder, 'gone'));
  const stamp = { size: 1, mtimeNs: 0n, ctimeNs: 0n, inode: 1n, device: 1n };
  const report = await r.runWith(async (out) => {
    const other = { ...link('c'), kind: 'hardlink', target: Buffer.from('b') } as TreeEntry;
    const file = { ...link('b'), kind: 'file', file: gone, stamp } as TreeEntry;
    await out.tree('tree', entries(dataEntry('a', noise(1, 10)), file, other, link('d')));
    out.gap({ log: 'wal', from: 1, to: 2, reason: 'was away' });
    return { facts: null };
  });
  assert.equal(report.verdict, 'incomplete');
  assert.deepEqual(
    report.skipped.map(({ what, failure }) => `${what} ${failure.code} ${failure.origin}`),
    ['b SOURCE_VANISHED source', 'c SOURCE_VANISHED source', 'log wal LOG_GAP source'],
  );
  await withSnapshot(r, async (reader, unlocked) => {
    assert.equal(unlocked.snapshot.opened.header.verdict, 'incomplete');
    assert.equal(unlocked.snapshot.opened.header.skipped, 3);
    const names: string[] = [];
    for await (const { path } of reader.tree('tree')) names.push(Buffer.from(path).toString());
    assert.deepEqual(names, ['a', 'd']);
  });
});

test('an epoch ends after 90 days, or with its recipients; duplicates are still found', async () => {
  await using r = await repositoryWithFiles({ one: noise(1, 50_000) });
  await r.run(r.job1);
  const epochs = async () => (await r.keys('keys/epochs/')).length;
  assert.equal(await epochs(), 1);
  const start = (r.clock as Date).getTime();
  r.clock = new Date(start + 89 * 86_400_000);
  await r.run(r.job1);
  assert.equal(await epochs(), 1);
  r.clock = new Date(start + 91 * 86_400_000);
  await rm(join(r.data, 'one'));
  await writeFile(join(r.data, 'moved'), noise(1, 50_000));
  const renewed = await r.run(r.job1);
  assert.equal(await epochs(), 2);
  assert.ok(renewed.totals.newBytes < 1000, `${renewed.totals.newBytes}: its one page`);

  const other = await makeRecipient('other');
  await writeFile(join(r.folder, 'other.asc'), other.publicKey);
  const recipients = [...r.job().recipients, { ...r.job().recipients[0], publicKey: join(r.folder, 'other.asc') }];
  const changed = await r.run({ ...r.job1, recipients: recipients as never });
  assert.equal(changed.verdict, 'ok', `${changed.failure?.message}`);
  assert.equal(await epochs(), 3);
  assert.equal(changed.totals.newChunks, 0);
  // The snapshot lies in one epoch and its content in another.
  await withSnapshot(
    r,
    async (reader) => {
      for await (const entry of reader.tree('files', ['moved'])) {
        if (entry.kind === 'file') assert.deepEqual(await collect(entry.content.read()), Buffer.from(noise(1, 50_000)));
      }
    },
    { source: 'files' },
  );
});
