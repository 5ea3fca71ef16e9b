import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { type Failure, fail, type Sink, type Verdict } from '../contract/index.ts';
import { withSnapshot } from '../recovery/reading.fixture.ts';
import { collect, makeRecipient, noise, pieces, TestRepository } from './repository.fixture.ts';

const recipient = await makeRecipient();
const create = (targets = 1) => TestRepository.create({ plugins: builtinPlugins, recipient, targets });
const unhandled: unknown[] = [];
process.on('unhandledRejection', (error) => unhandled.push(error));
after(() => assert.deepEqual(unhandled, []));

const bytes = noise(1, 300_000);
const gone: Failure = { code: 'TARGET_UNAVAILABLE', message: 'killed', origin: 'target', permanent: false };

async function backup(out: Sink): Promise<Verdict> {
  await out.bytes('one', pieces(bytes, 4000), { chunker: 'cdc' });
  return { facts: null };
}

async function readsBack(r: TestRepository, targets = r.targets): Promise<void> {
  await withSnapshot(r, async (reader) => assert.ok(Buffer.from(bytes).equals(await collect(reader.bytes('one')))), {
    targets,
  });
}

const packsIn = (keys: readonly string[]) => keys.filter((key) => key.includes(' packs/'));

test('what a killed run stored is adopted by the next, and nothing is uploaded twice', async (t) => {
  const damages: Record<string, (r: TestRepository, index: string) => Promise<void>> = {
    'the index was never written': (r, index) => r.remove(index),
    'the index is damaged in its header': (r, index) => r.flip(index, 5),
    'the index is damaged in what tells keys apart': (r, index) => r.flip(index, 8 + 32 + 3),
    'the index is damaged in its content': (r, index) => r.flip(index, -20),
    'the index is empty': (r, index) => truncate(r.path(index), 0),
  };
  for (const [name, damage] of Object.entries(damages)) {
    await t.test(name, async () => {
      await using r = await create();
      // Everything but the snapshot.
      r.hooks.put = (_, key) => (key.startsWith('snapshots/') ? fail(gone) : undefined);
      assert.equal((await r.runWith(backup)).verdict, 'failed');
      delete r.hooks.put;
      const [index] = await r.keys('indexes/');
      assert.ok(index);
      await damage(r, index);
      const before = packsIn(r.created).length;
      const next = await r.runWith(backup);
      assert.equal(next.verdict, 'ok', `${next.failure?.message}`);
      assert.equal(packsIn(r.created).length, before, 'no pack was made');
      assert.equal(next.totals.newChunks, 0);
      // Named now, so that nobody has to look into the packs again.
      const read: string[] = [];
      r.hooks.get = (_, key) => void read.push(key);
      const third = await r.runWith(backup);
      assert.equal(third.totals.newChunks, 0);
      assert.deepEqual(
        read.filter((key) => key.startsWith('packs/')),
        [],
      );
      delete r.hooks.get;
      await readsBack(r);
    });
  }
});

test('a pack that is not whole is not adopted, and its content is stored anew', async () => {
  await using r = await create();
  r.hooks.put = (_, key) => (key.startsWith('indexes/') ? fail(gone) : undefined);
  await r.runWith(backup);
  delete r.hooks.put;
  const [pack] = await r.keys('packs/');
  assert.ok(pack);
  await truncate(r.path(pack), 100_000);
  const next = await r.runWith(backup);
  assert.equal(next.verdict, 'ok', `${next.failure?.message}`);
  assert.deepEqual(
    next.problems.map(({ code }) => code),
    ['PACK_DAMAGED'],
  );
  assert.ok(next.totals.newBytes > 300_000);
  await readsBack(r);
});

test('a pack with something behind its end is damaged: its trailer says how long it is', async () => {
  await using r = await create();
  r.hooks.put = (_, key) => (key.startsWith('indexes/') ? fail(gone) : undefined);
  await r.runWith(backup);
  delete r.hooks.put;
  const [pack] = await r.keys('packs/');
  assert.ok(pack);
  const whole = await readFile(r.path(pack));
  await r.remove(pack);
  await writeFile(r.path(pack), Buffer.concat([whole, whole.subarray(-16)]));
  const next = await r.runWith(backup);
  assert.deepEqual(
    next.problems.map(({ code }) => code),
    ['PACK_DAMAGED'],
  );
});

test('both targets get everything, and each alone can be read', async () => {
  await using r = await create(2);
  const report = await r.runWith(backup);
  assert.equal(report.verdict, 'ok', `${report.failure?.message}`);
  assert.deepEqual(await r.keys('', 'target-0'), await r.keys('', 'target-1'));
  for (const target of r.targets) await readsBack(r, [target]);
});

test('a pack that one target lacks or has cut short is stored anew on both', async (t) => {
  const losses: Record<string, (r: TestRepository, pack: string) => Promise<void>> = {
    lacks: (r, pack) => r.remove(pack, 'target-1'),
    'has cut short': (r, pack) => truncate(r.path(pack, 'target-1'), 5000),
  };
  for (const [name, lose] of Object.entries(losses)) {
    await t.test(name, async () => {
      await using r = await create(2);
      await r.runWith(backup);
      const [pack] = await r.keys('packs/');
      assert.ok(pack);
      await lose(r, pack);
      // Until then, the whole copy serves whoever reads, whichever target comes first.
      await readsBack(r);
      await readsBack(r, r.targets.toReversed());
      const again = await r.runWith(backup);
      assert.equal(again.verdict, 'ok', `${again.failure?.message}`);
      assert.ok(again.totals.newBytes > 300_000, 'a duplicate counts only where every target has it');
      for (const target of r.targets) await readsBack(r, [target]);
    });
  }
});

test('a target that joins later gets keys and all that it needs, and damage is not copied to it', async () => {
  await using r = await create(2);
  const [first, second] = r.targets;
  assert.ok(first && second);
  await r.runWith(backup, { targets: [first] });
  r.clock = new Date(Date.now() + 86_400_000);
  const joined = await r.runWith(backup);
  assert.equal(joined.verdict, 'ok', `${joined.failure?.message}`);
  await readsBack(r, [second]);
  // The same name stands for the same bytes everywhere.
  for (const key of await r.keys('keys/')) {
    assert.deepEqual(await readFile(r.path(key, 'target-0')), await readFile(r.path(key, 'target-1')), key);
  }

  const third = r.target('target-2');
  await mkdir(join(r.folder, 'target-2'));
  await copyFile(r.path('repository'), r.path('repository', 'target-2'));
  const [epoch] = await r.keys('keys/epochs/');
  assert.ok(epoch);
  await r.flip(epoch, 200);
  const report = await r.runWith(backup, { targets: [first, third] });
  assert.equal(report.verdict, 'ok', `${report.failure?.message}`);
  assert.ok(report.problems.some(({ message }) => message.includes(epoch)));
  const copied = await r.keys('keys/epochs/', 'target-2');
  assert.ok(copied.length === 1 && !copied.includes(epoch), 'one that is whole, instead of it');
  await readsBack(r, [third]);
  const healed = await r.runWith(backup, { targets: [first, second, third] });
  assert.equal(healed.verdict, 'ok', `${healed.failure?.message}`);
  await readsBack(r, [third]);
});

test('a put that fails on one target is over on the other before its buffer is used again', async () => {
  await using r = await create(2);
  let under = 0;
  r.hooks.put = async (target, key) => {
    if (!key.startsWith('packs/')) return;
    if (target === 'target-0') fail(gone);
    under++;
    await new Promise((resolve) => setTimeout(resolve, 50));
    under--;
  };
  await using store = await r.openStore();
  const body = noise(3, 1000);
  await assert.rejects(store.put(`packs/${'0'.repeat(32)}/aa/${'a'.repeat(64)}`, body, undefined));
  assert.equal(under, 0);
});

test('a stray object among snapshots or packs does not lead a run astray', async () => {
  await using r = await create();
  await r.runWith(backup);
  const [snapshot] = await r.keys('snapshots/');
  const [pack] = await r.keys('packs/');
  assert.ok(snapshot && pack);
  await writeFile(join(dirname(r.path(snapshot)), 'zzz'), 'x');
  await writeFile(join(dirname(r.path(pack)), 'zzz'), 'x');
  const next = await r.runWith(backup);
  assert.deepEqual([next.verdict, next.snapshot?.sequence, next.problems], ['ok', 2, []]);
});

test('a damaged last snapshot keeps its number, and the next follows it', async () => {
  await using r = await create();
  await r.runWith(backup);
  const [snapshot] = await r.keys('snapshots/');
  assert.ok(snapshot);
  await r.flip(snapshot, -1);
  const next = await r.runWith(backup);
  assert.deepEqual([next.verdict, next.snapshot?.sequence], ['ok', 2]);
  await readsBack(r);
});
