import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { type Failure, fail } from '../contract/index.ts';
import { noise } from '../engine/repository.fixture.ts';
import type { SealedPack } from './messages.ts';
import { openStoring } from './session.fixture.ts';

const MiB = 2 ** 20;
const registry = builtinPlugins();
const unhandled: unknown[] = [];
process.on('unhandledRejection', (error) => unhandled.push(error));
after(() => assert.deepEqual(unhandled, []));

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-session-'));
});
after(() => rm(folder, { recursive: true, force: true }));

type Options = Omit<Parameters<typeof openStoring>[0], 'codec'> & { readonly codec?: string };
const open = (o: Options) => openStoring({ codec: registry.module('codec', 'none'), ...o });

const owner = { mode: 0o600, uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
const stamp = { size: 100_000, mtimeNs: 0n, ctimeNs: 0n, inode: 0n, device: 0n };

async function fileToStore(name: string, bytes: Uint8Array) {
  const path = join(folder, name);
  await writeFile(path, bytes, { mode: owner.mode });
  return { path: Buffer.from(path), stamp: { ...stamp, size: bytes.length }, owner };
}

function chunks(seed: number, count: number, length: number) {
  const data = noise(seed, count * length);
  return { kind: 'chunks', artifact: 0, group: 'data', data, lengths: new Uint32Array(count).fill(length) } as const;
}

const failsWith = (code: string) => (thrown: { failure?: Failure }) => {
  assert.equal(thrown.failure?.code, code);
  return true;
};

test('files come back in order, with their sizes, changes and failures, and equal ones with equal references', async () => {
  const packs: SealedPack[] = [];
  const { session, index } = open({
    onPack: async (pack) => {
      packs.push({ ...pack, bytes: pack.bytes.slice() });
    },
  });
  await using _ = session;
  const files = [
    await fileToStore('a', noise(1, 10_000)),
    await fileToStore('empty', new Uint8Array(0)),
    { path: Buffer.from(join(folder, 'missing')), stamp, owner },
    { path: Buffer.from(folder), stamp, owner },
    await fileToStore('same', noise(1, 10_000)),
    { ...(await fileToStore('grew', noise(2, 5000))), stamp: { ...stamp, size: 10 } },
  ];
  const { stored } = await session.send({ kind: 'files', artifact: 0, files });
  assert.deepEqual([...stored.counts], [3, 0, 0, 0, 3, 2]);
  assert.deepEqual([...stored.sizes], [10_000, 0, 0, 0, 10_000, 5000]);
  assert.deepEqual(
    stored.failures.map(({ file, failure }) => [file, failure.code, failure.origin]),
    [
      [2, 'SOURCE_VANISHED', 'source'],
      [3, 'SOURCE_REPLACED', 'source'],
    ],
  );
  assert.deepEqual(stored.refs.subarray(0, 108), stored.refs.subarray(108, 216));
  assert.equal(index.chunks, 5);
  const [flushed] = await session.sendAll({ kind: 'flush', artifact: 0 });
  assert.equal(flushed?.counters.chunks, 8);
  assert.equal(flushed?.counters.newChunks, 5);
  await session.finish();
  assert.equal(packs.length, 1);
  for (const slot of stored.slots) assert.ok(index.frameOf(slot) >= 0, 'every chunk has its place');
});

test('what took the place of a listed file is stored only when it is of the same owner and mode', async () => {
  const { session } = open({});
  await using _ = session;
  const { path, stamp } = await fileToStore('renewed', noise(3, 1000));
  const files = [
    { path, stamp, owner },
    { path, stamp, owner: { ...owner, mode: 0o644 } },
    { path, stamp, owner: { ...owner, uid: owner.uid + 1 } },
    { path, stamp, owner: { ...owner, gid: owner.gid + 1 } },
  ];
  const { stored } = await session.send({ kind: 'files', artifact: 0, files });
  assert.deepEqual([...stored.counts], [1, 0, 0, 0]);
  assert.deepEqual(
    stored.failures.map(({ file, failure }) => [file, failure.code]),
    [1, 2, 3].map((file) => [file, 'SOURCE_REPLACED']),
  );
  // The listed file itself, whatever a source says of its owner.
  const { ino, dev } = await stat(Buffer.from(path), { bigint: true });
  const listed = { path, stamp: { ...stamp, inode: ino, device: dev }, owner: { mode: 0o644, uid: 26, gid: 26 } };
  const again = await session.send({ kind: 'files', artifact: 0, files: [listed] });
  assert.deepEqual(again.stored.failures, []);
});

test('a session that did nothing makes no pack', async () => {
  const { session } = open({ workers: 2, onPack: async () => assert.fail() });
  await using _ = session;
  await session.finish();
});

test('a chunker that breaks its promise ends the session, for all that wait, with its failure', async (t) => {
  const cuts = {
    throws: 'WORKER_FAILED',
    nothing: 'CHUNKER_BROKEN',
    'too much': 'CHUNKER_BROKEN',
    half: 'CHUNKER_BROKEN',
  };
  for (const [cut, code] of Object.entries(cuts)) {
    await t.test(cut, async () => {
      const { session } = open({ cut });
      await using _ = session;
      const file = await fileToStore(`cut ${cut}`, noise(1, 100));
      const request = { kind: 'files', artifact: 0, files: [file] } as const;
      const answers = await Promise.allSettled([session.send(request), session.send(chunks(1, 1, 10))]);
      for (const answer of answers) {
        assert.equal(answer.status, 'rejected');
        failsWith(code)(answer.reason);
      }
      await assert.rejects(session.send(request), failsWith(code));
      await assert.rejects(session.room(), failsWith(code));
      await assert.rejects(session.finish(), failsWith(code));
      const told: unknown[] = [];
      session.onEnd((error) => told.push(error.failure.code));
      assert.deepEqual(told, [code]);
    });
  }
});

test('a stage that cannot be loaded, or is none, is said by its code', async () => {
  for (const [chunker, code] of [
    [registry.module('codec', 'zstd'), 'PLUGIN_KIND'],
    [import.meta.resolve('./no-such.fixture.ts'), 'WORKER_FAILED'],
  ] as const) {
    const { session } = open({ chunker: { module: chunker, options: {} } });
    await using _ = session;
    await assert.rejects(session.send(chunks(1, 1, 10)), failsWith(code));
  }
});

test('cancelling is seen between chunks, and ends what is in the middle of one a second later', async (t) => {
  await t.test('a chunker that never returns', async () => {
    const looping = join(folder, 'looping');
    const { session, cancel } = open({ cut: `loops ${looping}` });
    const endless = session.send({ kind: 'files', artifact: 0, files: [await fileToStore('endless', noise(1, 100))] });
    const rejected = assert.rejects(endless, failsWith('CANCELLED'));
    while (!existsSync(looping)) await new Promise((resolve) => setTimeout(resolve, 5));
    cancel.abort();
    await rejected;
    // Resolves only because the thread is ended: it never looks at the flag again.
    const startedAt = performance.now();
    await session[Symbol.asyncDispose]();
    t.diagnostic(`ended after ${Math.round(performance.now() - startedAt)} ms`);
  });
  await t.test('a worker that goes from chunk to chunk', async () => {
    const { session, cancel } = open({ onPack: async () => {} });
    const work = session.send(chunks(1, 20_000, 512));
    setTimeout(() => cancel.abort(), 50);
    await assert.rejects(work, failsWith('CANCELLED'));
    await session[Symbol.asyncDispose]();
  });
  await t.test('before it began', async () => {
    const index = open({});
    index.cancel.abort();
    await assert.rejects(index.session.send(chunks(1, 1, 10)), failsWith('CANCELLED'));
    await index.session[Symbol.asyncDispose]();
  });
});

test('a pack that cannot be stored ends the session with that failure, also for one that waits for a buffer', async () => {
  const { session } = open({
    packBytes: MiB,
    onPack: async () => {
      fail({ code: 'TARGET_FULL', message: 'full', origin: 'target', permanent: false });
    },
  });
  await using _ = session;
  await assert.rejects(async () => {
    for (let i = 0; i < 50; i++) await session.send(chunks(i, 16, 65_536));
    await session.finish();
  }, failsWith('TARGET_FULL'));
});

test('all workers fill packs while one more is on its way, and wait before another', async () => {
  const workers = 2;
  let held = 0;
  let seen = 0;
  let isOpen = false;
  const gates: (() => void)[] = [];
  const { session } = open({
    workers,
    packBytes: MiB,
    onPack: async ({ bytes }) => {
      assert.equal(bytes.buffer.byteLength, MiB);
      held++;
      seen++;
      if (!isOpen) await new Promise<void>((resolve) => gates.push(resolve));
      held--;
    },
  });
  await using _ = session;
  const work = Promise.all(Array.from({ length: 24 }, (_, i) => session.send(chunks(i, 8, 65_536))));
  // Every worker has handed one over, and one of them the one it filled in the spare buffer.
  while (held < workers + 1) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(held, workers + 1);
  isOpen = true;
  for (const letGo of gates) letGo();
  await work;
  await session.finish();
  assert.ok(seen >= 12, `${seen} packs`);
  assert.equal(held, 0);
});

test('a codec whose output does not open to what went in is found before anything leaves', async () => {
  const packs: SealedPack[] = [];
  const { session } = open({
    codec: import.meta.resolve('./wrong-codec.fixture.ts'),
    onPack: async (pack) => void packs.push(pack),
  });
  await using _ = session;
  const work = session.send({ ...chunks(1, 1, 600_000), data: new Uint8Array(600_000) });
  await assert.rejects(work, failsWith('SEAL_MISMATCH'));
  assert.deepEqual(packs, []);
});
