import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { noise } from '../engine/repository.fixture.ts';
import { removeTree } from '../system/index.ts';
import { Libc } from '../system/libc.ts';
import { RefList } from './chunk-store.ts';
import { noCounters } from './counters.ts';
import { FileReader } from './file-reading.ts';
import type { FileToStore, StoredFiles } from './messages.ts';
import { openStoring } from './session.fixture.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const TiB = 2 ** 40;
const registry = builtinPlugins();
const codec = registry.module('codec', 'none');
const folder = mkdtempSync(join(tmpdir(), 'holdfast-reading-'));
after(() => removeTree(folder));
const hasHoles = Libc.open() !== undefined;

type Chunker = NonNullable<Parameters<typeof openStoring>[0]['chunker']>;
const fastcdc = (options: object): Chunker => ({
  module: registry.module('chunker', 'fastcdc'),
  options: { ...options },
});
const small = fastcdc({ min: '4KiB', avg: '16KiB', max: '64KiB' });
const large = fastcdc({ min: '256KiB', avg: '1MiB', max: '4MiB' });

/** As the walk would hand it in. */
function listed(path: string, sparse: boolean): FileToStore {
  const { size, mtimeNs, ctimeNs, ino: inode, dev: device, mode, uid, gid } = lstatSync(path, { bigint: true });
  const owner = { mode: Number(mode & 0o7777n), uid: Number(uid), gid: Number(gid) };
  const stamp = { size: Number(size), mtimeNs, ctimeNs, inode, device };
  return { path: Buffer.from(path), stamp, owner, ...(sparse ? { sparse } : {}) };
}

interface Stored {
  readonly stored: StoredFiles;
  /** From the files. */
  readonly bytesRead: number;
}

/** What a worker makes of each of these lists of files, with the same keys. */
async function storedEach(lists: readonly (readonly FileToStore[])[], chunker: Chunker): Promise<Stored[]> {
  const { session } = openStoring({ codec, chunker });
  await using _ = session;
  const results: Stored[] = [];
  for (const [artifact, files] of lists.entries()) {
    const { stored } = await session.send({ kind: 'files', artifact, files });
    const { counters } = await session.send({ kind: 'flush', artifact });
    results.push({ stored, bytesRead: counters.stages.read.bytesIn });
  }
  await session.finish();
  return results;
}

async function stored(files: readonly FileToStore[], chunker = small): Promise<Stored> {
  const [result] = await storedEach([files], chunker);
  assert.ok(result);
  return result;
}

/** The references of each file, for comparing. */
function refsOf({ refs, counts }: StoredFiles): string[] {
  let at = 0;
  return Array.from(counts, (count) => {
    const own = Buffer.from(refs.subarray(at, at + count * 36)).toString('hex');
    at += count * 36;
    return own;
  });
}

/** A file with data at these places, each [position, length], and holes between. */
function withHoles(name: string, size: number, data: readonly (readonly [number, number])[]): string {
  const path = join(folder, name);
  const file = openSync(path, 'w');
  for (const [n, [at, length]] of data.entries()) writeSync(file, noise(n + 1, length), 0, length, at);
  ftruncateSync(file, size);
  closeSync(file);
  return path;
}

test('a hole gives the chunks that its zeros would, and is not read', {
  skip: !hasHoles && 'no node:ffi',
}, async () => {
  const cases: [number, [number, number][]][] = [
    [0, []],
    [1, []],
    [10 * MiB, []],
    [10 * MiB + 1, [[10 * MiB, 1]]],
    [10 * MiB, [[0, 100]]],
    [10 * MiB, [[5 * MiB + 17, 200_000]]],
    [
      3 * MiB,
      [
        [0, MiB],
        [MiB + 64 * KiB, 4 * KiB],
        [2 * MiB - 1, 2],
      ],
    ],
    [64 * KiB, [[4 * KiB, 4 * KiB]]],
    [
      20 * MiB,
      [
        [MiB, 3 * MiB],
        [16 * MiB, 4 * MiB],
      ],
    ],
  ];
  const paths = cases.map(([size, data], n) => withHoles(`holes ${n}`, size, data));
  for (const chunker of [small, large]) {
    const lists = [true, false].map((sparse) => paths.map((path) => listed(path, sparse)));
    const [skipping, reading] = await storedEach(lists, chunker);
    assert.ok(skipping && reading);
    assert.deepEqual(refsOf(skipping.stored), refsOf(reading.stored));
    assert.deepEqual(
      [...skipping.stored.sizes],
      cases.map(([size]) => size),
    );
    assert.deepEqual(skipping.stored.changed, []);
    const allocated = paths.reduce((sum, path) => sum + statSync(path).blocks * 512, 0);
    assert.ok(skipping.bytesRead <= allocated, `${skipping.bytesRead} bytes read, ${allocated} allocated`);
    assert.ok(reading.bytesRead > 50 * MiB);
  }
});

test('1 TiB of which 3 MiB are data is read by reading these', { skip: !hasHoles && 'no node:ffi' }, async (t) => {
  const path = withHoles('huge', TiB, [
    [0, MiB],
    [TiB / 2 + 1, MiB],
    [TiB - MiB, MiB],
  ]);
  const startedAt = performance.now();
  const { stored: result, bytesRead } = await stored([listed(path, true)], large);
  t.diagnostic(`${(performance.now() - startedAt).toFixed(0)} ms, ${result.counts[0]} chunks`);
  assert.equal(result.sizes[0], TiB);
  assert.ok(bytesRead < 4 * MiB, `${bytesRead} bytes read`);
  assert.ok(new Set(refsOf(result)[0]?.match(/.{72}/g)).size < 20, 'all zeros are one chunk');
  rmSync(path);
});

test('a file ends where it ended when it was opened, however fast it grows; one that shrinks, where it ends now', async () => {
  const grown = withHoles('grown', 100_000, [[0, 100_000]]);
  const file = listed(grown, false);
  appendFileSync(grown, noise(9, 50_000));
  const shrunk = [true, false].map((sparse) => {
    const path = withHoles(`shrunk ${sparse}`, 3 * MiB, [[0, 100_000]]);
    const before = listed(path, sparse);
    truncateSync(path, 70_000);
    return before;
  });
  const { stored: result } = await stored([file, ...shrunk]);
  assert.deepEqual([...result.sizes], [150_000, 70_000, 70_000]);
  assert.deepEqual(result.changed, [0, 1, 2]);
  assert.deepEqual(result.failures, []);
});

test('a log that is written faster than it is read is read to an end', () => {
  const path = join(folder, 'log');
  writeFileSync(path, noise(1, MiB));
  const file = listed(path, false);
  const chunker = {
    maxBytes: 64 * KiB,
    cut(window: Uint8Array) {
      appendFileSync(path, noise(2, 128 * KiB)); // more than is taken
      return Math.min(window.length, 64 * KiB);
    },
  };
  const store = { store() {}, storeNamed() {}, idOf: () => new Uint8Array(32) };
  const reader = new FileReader({ chunker, store, control: new Int32Array(1) });
  const outcome = reader.read(file, new RefList(), noCounters());
  assert.deepEqual(outcome, { kind: 'stored', size: MiB, changed: true });
  assert.ok(statSync(path).size > 2 * MiB);
});

test('what cannot be read, in its middle or at all, is named, and the others are stored', async () => {
  const cases: [string, (path: string) => void, string | undefined][] = [
    ['a folder', (path) => mkdirSync(path), 'SOURCE_REPLACED'],
    ['a FIFO', (path) => execFileSync('mkfifo', [path]), 'SOURCE_REPLACED'],
    ['a link', (path) => symlinkSync('whole', path), 'SOURCE_REPLACED'],
    ['nothing', () => {}, 'SOURCE_VANISHED'],
    ['one that was renewed', (path) => writeFileSync(path, 'new'), undefined],
  ];
  const files = cases.map(([name, replace]) => {
    const path = withHoles(name, 1000, [[0, 1000]]);
    const file = listed(path, false);
    renameSync(path, `${path} before`);
    replace(path);
    return file;
  });
  const whole = withHoles('whole', 1000, [[0, 1000]]);
  // The memory of a process is a regular file whose first page cannot be read: EIO.
  const memory = { ...listed('/proc/self/mem', false), path: Buffer.from('/proc/self/mem') };
  const { stored: result } = await stored([memory, ...files, listed(whole, false)]);
  const codes = result.failures.map(({ file, failure }) => [file, failure.code]);
  assert.deepEqual(codes, [
    [0, 'SOURCE_IO'],
    ...cases.flatMap(([, , code], n) => (code === undefined ? [] : [[n + 1, code]])),
  ]);
  assert.deepEqual([...result.sizes].slice(-2), [3, 1000]);
});

test('reading changes no time of reading', { skip: process.geteuid?.() !== 0 && 'a mount may refuse' }, async () => {
  const path = withHoles('quiet', 1000, [[0, 1000]]);
  utimesSync(path, 1, 2); // read before it was written: the next reader would be noted
  await stored([listed(path, false)]);
  assert.equal(statSync(path).atimeMs, 1000);
});

test('a path that is longer than a system call takes is read', async () => {
  const names = Array.from({ length: 30 }, (_, n) => `${n} ${'d'.repeat(200)}`);
  execFileSync(
    'sh',
    ['-c', 'for name; do mkdir "$name" && cd -P "$name" || exit 1; done; echo deep >file', 'sh', ...names],
    { cwd: folder },
  );
  const path = [folder, ...names, 'file'].join('/');
  assert.ok(path.length > 6000);
  const file = { ...listed(join(folder, 'whole'), false), path: Buffer.from(path) };
  const { stored: result } = await stored([file]);
  assert.deepEqual([...result.sizes], [5], result.failures[0]?.failure.message ?? '');
});
