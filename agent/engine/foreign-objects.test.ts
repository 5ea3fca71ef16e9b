import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import type { Sink, Verdict } from '../contract/index.ts';
import { withSnapshot } from '../recovery/reading.fixture.ts';
import { loadIndex } from '../repository/index-loading.ts';
import { domainKeys } from '../repository/keys/domain.ts';
import { loadHostKeys } from '../repository/keys/host-keys.ts';
import { objectHeader } from '../repository/object.ts';
import { collect, makeRecipient, noise, pieces, TestRepository } from './repository.fixture.ts';

const recipient = await makeRecipient();
const create = (targets = 1) => TestRepository.create({ plugins: builtinPlugins, recipient, targets });
const bytes = noise(1, 300_000);

async function backup(out: Sink): Promise<Verdict> {
  await out.bytes('one', pieces(bytes, 4000), { chunker: 'cdc' });
  return { facts: null };
}

async function readsBack(r: TestRepository, targets = r.targets): Promise<void> {
  await withSnapshot(r, async (reader) => assert.ok(Buffer.from(bytes).equals(await collect(reader.bytes('one')))), {
    targets,
  });
}

/** An index fragment under its right name that no key of this repository opens: whoever may add objects can add one. */
async function addForeignFragment(r: TestRepository): Promise<void> {
  const [index = ''] = await r.keys('indexes/');
  const object = Buffer.concat([objectHeader('index'), randomBytes(300)]);
  const name = createHash('sha256').update(object).digest('hex');
  await writeFile(r.path(join(dirname(index), name)), object);
}

test('an index fragment that somebody else added is said, and stops neither a run nor a restore', async () => {
  await using r = await create();
  await r.runWith(backup);
  await addForeignFragment(r);
  const next = await r.runWith(backup);
  assert.equal(next.verdict, 'ok', `${next.failure?.message}`);
  assert.deepEqual(
    next.problems.map(({ code }) => code),
    ['WRONG_KEY'],
  );
  assert.equal(next.totals.newChunks, 0, 'the other fragments count');
  await readsBack(r);
});

test('when nothing opens, the key is the wrong one', async () => {
  await using r = await create();
  await r.runWith(backup);
  const domain = (await loadHostKeys(r.stateFolder))?.domains[0];
  assert.ok(domain);
  await using store = await r.openStore();
  for (const use of ['read', 'write'] as const) {
    const loaded = loadIndex(store, domainKeys(domain.id, domain.name, randomBytes(32)), use);
    await assert.rejects(loaded, (error: { failure?: { code?: string } }) => error.failure?.code === 'WRONG_KEY');
  }
});

test('what lies among the epochs and is none does not end all backups', async () => {
  await using r = await create(2);
  await r.runWith(backup);
  const [epoch = ''] = await r.keys('keys/epochs/');
  await writeFile(r.path(join(dirname(epoch), randomBytes(16).toString('hex'))), 'garbage');
  const next = await r.runWith(backup);
  assert.equal(next.verdict, 'ok', `${next.failure?.message}`);
  assert.deepEqual(
    next.problems.map(({ code }) => code),
    ['OBJECT_DAMAGED'],
  );
  assert.equal(next.totals.newChunks, 0);
  assert.equal((await r.keys('keys/epochs/', 'target-1')).length, 1, 'and is not copied');
});

const losses: Record<string, (r: TestRepository, key: string, target: string) => Promise<void>> = {
  gone: (r, key, target) => r.remove(key, target),
  damaged: (r, key, target) => r.flip(key, -100, target),
};
for (const [how, lose] of Object.entries(losses)) {
  test(`nothing is sealed to an epoch that is ${how} on every target, and nothing that is counts as stored`, async () => {
    await using r = await create(2);
    await r.runWith(backup);
    const [epoch = ''] = await r.keys('keys/epochs/');
    for (const target of ['target-0', 'target-1']) await lose(r, epoch, target);
    const next = await r.runWith(backup);
    assert.equal(next.verdict, 'ok', `${next.failure?.message}`);
    assert.ok(next.problems.some(({ code }) => code === 'EPOCH_LOST'));
    assert.ok(next.totals.newChunks > 0, 'stored anew');
    await readsBack(r);
    const third = await r.runWith(backup);
    assert.equal(third.totals.newChunks, 0, 'once');
    await readsBack(r, r.targets.slice(1));
  });
}

test('an epoch that one target has lost is brought back from the other', async () => {
  await using r = await create(2);
  await r.runWith(backup);
  const [epoch = ''] = await r.keys('keys/epochs/');
  await r.remove(epoch);
  const next = await r.runWith(backup);
  assert.deepEqual([next.verdict, next.problems, next.totals.newChunks], ['ok', [], 0]);
  await readsBack(r, r.targets.slice(0, 1));
});
