import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import type { Sink, Verdict } from '../contract/index.ts';
import { withSnapshot } from '../recovery/reading.fixture.ts';
import { makeRecipient, noise, pieces, TestRepository } from './repository.fixture.ts';

const recipient = await makeRecipient();
const create = () => TestRepository.create({ plugins: builtinPlugins, recipient });

test('a run that takes longer than its timeout fails, and says that it was the timeout', async () => {
  await using r = await create();
  const late = await r.runWith(
    async (_out, _request, host) => {
      await new Promise((resolve) => host.signal.addEventListener('abort', resolve));
      return { facts: null };
    },
    { timeoutMs: 100 },
  );
  assert.deepEqual([late.verdict, late.failure?.code], ['failed', 'RUN_TIMEOUT']);
  assert.deepEqual(await r.keys('snapshots/'), []);
});

test('a target that never answers does not keep a late run waiting, and the domain stays locked meanwhile', async () => {
  await using r = await create();
  const stored = Promise.withResolvers<void>();
  let asked = false;
  r.hooks.put = (_, key) => {
    if (!key.startsWith('packs/')) return undefined;
    asked = true;
    return stored.promise;
  };
  const backup = async (out: Sink): Promise<Verdict> => {
    await out.bytes('one', pieces(noise(1, 10_000)), { chunker: 'cdc' });
    return { facts: null };
  };
  let late = await r.runWith(backup, { timeoutMs: 300 }, { graceMs: 100 });
  // On a machine so slow that the time is over before anything was asked of the target, more of it is given.
  for (let timeoutMs = 600; !asked; ) {
    late = await r.runWith(backup, { timeoutMs }, { graceMs: 100 });
    // The one before may still be ending: it is given the time to.
    if (late.failure?.code === 'BUSY') await new Promise((resolve) => setTimeout(resolve, 20));
    else timeoutMs *= 2;
  }
  assert.deepEqual([late.verdict, late.failure?.code], ['failed', 'RUN_TIMEOUT']);
  assert.equal((await r.runWith(backup)).failure?.code, 'BUSY', 'what was left behind may still be writing');
  stored.resolve();
  let next = await r.runWith(backup);
  while (next.failure?.code === 'BUSY') {
    await new Promise((resolve) => setImmediate(resolve));
    next = await r.runWith(backup);
  }
  assert.equal(next.verdict, 'ok', `${next.failure?.message}`);
});

test('a timeout that is not reached, is longer than a timer, or is none changes nothing', async () => {
  await using r = await create();
  for (const timeoutMs of [60_000, 90 * 86_400_000, 0]) {
    const report = await r.runWith(async () => ({ facts: null }), { timeoutMs });
    assert.equal(report.verdict, 'ok', `${timeoutMs}: ${report.failure?.message}`);
  }
});

test('a cancelled run is no late one', async () => {
  await using r = await create();
  const asked = AbortSignal.abort();
  const report = await r.runWith(async () => ({ facts: null }), { timeoutMs: 60_000 }, { signal: asked });
  assert.deepEqual([report.verdict, report.failure?.code], ['cancelled', 'CANCELLED']);
});

test('however many things were skipped, and however long their paths are, there is a snapshot, with all of them counted', async () => {
  await using r = await create();
  const path = 'folder/'.repeat(600);
  const count = 12_000;
  const report = await r.runWith(async (out) => {
    for (let i = 0; i < count; i++) {
      const message = `cannot read ${path}${i}: EACCES`;
      out.skip(`${path}${i}`, { code: 'SOURCE_DENIED', message, origin: 'source', permanent: true });
    }
    await out.bytes('one', pieces(noise(1, 10_000)), { chunker: 'cdc' });
    return { facts: null };
  });
  assert.equal(report.verdict, 'incomplete', `${report.failure?.message}`);
  await withSnapshot(r, async (_, { snapshot, body }) => {
    assert.equal(snapshot.opened.header.skipped, count);
    assert.ok(body.skipped.length > 500, `${body.skipped.length}`);
    assert.equal(body.skipped[0]?.what, `${path}0`);
  });
});
