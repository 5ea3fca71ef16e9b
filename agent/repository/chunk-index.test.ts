import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { HoldfastError } from '../contract/index.ts';
import { ChunkIndex } from './chunk-index.ts';

function id(n: number): Uint8Array {
  return createHash('sha256').update(String(n)).digest();
}

test('a chunk is found where it was placed, and nothing else is found', () => {
  const index = ChunkIndex.create(10);
  const pack = index.nextPack();
  const claim = index.claim(id(1), 0, pack);
  assert.equal(claim.fresh, true);
  assert.equal(index.frameOf(claim.slot), -1, 'claimed, not placed');
  index.place(claim.slot, 7, 1234, 99);
  assert.equal(index.find(id(1)), claim.slot);
  assert.equal(index.find(id(2)), -1);
  assert.deepEqual(
    [index.packOf(claim.slot), index.frameOf(claim.slot), index.offsetOf(claim.slot), index.lengthOf(claim.slot)],
    [pack, 7, 1234, 99],
  );
  assert.deepEqual(index.claim(id(1), 0, 5), { slot: claim.slot, fresh: false });
});

test('it agrees with a plain Map over several levels of growth', () => {
  const index = ChunkIndex.create(10);
  const truth = new Map<number, number>();
  for (let n = 0; n < 120_000; n++) {
    const { slot, fresh } = index.claim(id(n), 0, n % 1000);
    assert.equal(fresh, true);
    index.place(slot, n, n * 2, n + 1);
    truth.set(n, slot);
  }
  assert.equal(index.chunks, 120_000);
  for (const [n, slot] of truth) {
    assert.equal(index.find(id(n)), slot);
    assert.equal(index.offsetOf(slot), n * 2);
    assert.equal(index.packOf(slot), n % 1000);
  }
  for (let n = 120_000; n < 121_000; n++) assert.equal(index.find(id(n)), -1);
});

test('an index of many chunks asks for what those need, not for hundreds of times as much', () => {
  const MiB = 2 ** 20;
  const cases: [chunks: number, most: number][] = [
    [0, 256],
    [100_000, 512],
    [1_000_000, 512],
    [3_000_000, 1024],
    [10_000_000, 2048],
  ];
  for (const [chunks, most] of cases) {
    const { buffer } = ChunkIndex.create(chunks);
    assert.ok(buffer.byteLength <= most * MiB, `${chunks} chunks: ${buffer.byteLength / MiB} MiB`);
    assert.ok(buffer.byteLength >= 3 * chunks * 32, `${chunks} chunks: room for as many again`);
    assert.ok(ChunkIndex.create(chunks, 'read').buffer.byteLength <= most * (MiB / 2), 'read: no room for more');
  }
});

test('an index that the system has no memory for says so', () => {
  assert.throws(
    () => ChunkIndex.create(2 ** 48),
    (error) => error instanceof HoldfastError && error.failure.code === 'MEMORY_SHORT',
  );
});

test('threads that claim the same chunks share them out: each chunk is fresh for exactly one', async () => {
  const index = ChunkIndex.create(30_000);
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { createHash } = require('node:crypto');
    import(workerData.module).then(({ ChunkIndex }) => {
      const index = new ChunkIndex(workerData.buffer);
      let fresh = 0;
      for (let n = 0; n < 20000; n++) {
        const id = createHash('sha256').update(String(n)).digest();
        if (index.claim(id, 0, workerData.pack).fresh) fresh++;
      }
      parentPort.postMessage(fresh);
    });`;
  const module = new URL('./chunk-index.ts', import.meta.url).href;
  const fresh = await Promise.all(
    [0, 1, 2].map(
      (pack) =>
        new Promise<number>((resolve, reject) => {
          const worker = new Worker(source, { eval: true, workerData: { buffer: index.buffer, module, pack } });
          worker.once('message', resolve);
          worker.once('error', reject);
        }),
    ),
  );
  assert.equal(
    fresh.reduce((a, b) => a + b, 0),
    20_000,
  );
  assert.equal(index.chunks, 20_000);
});
