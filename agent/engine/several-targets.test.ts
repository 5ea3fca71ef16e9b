import assert from 'node:assert/strict';
import { readFile, rename, truncate } from 'node:fs/promises';
import { after, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { type Failure, fail, type Sink, type Verdict } from '../contract/index.ts';
import { withSnapshot } from '../recovery/reading.fixture.ts';
import { listSnapshots } from '../repository/snapshots.ts';
import { collect, makeRecipient, noise, pieces, TestRepository } from './repository.fixture.ts';
import type { RunReport } from './run-report.ts';

/*
 * One of two targets fails, at every moment there is: the other gets its snapshot, and the one that failed never has one without all
 * its frames. When it is back, the next run brings it what it lacks.
 */
const recipient = await makeRecipient();
const create = (targets = 2) => TestRepository.create({ plugins: builtinPlugins, recipient, targets });
const unhandled: unknown[] = [];
process.on('unhandledRejection', (error) => unhandled.push(error));
after(() => assert.deepEqual(unhandled, []));

const gone: Failure = { code: 'TARGET_UNAVAILABLE', message: 'no answer', origin: 'target', permanent: false };

/** Content of run `n`, all of it new; a pack of these tests holds 8 MiB. */
function content(n: number, bytes: number): Uint8Array {
  return noise(n, bytes);
}

const backup =
  (bytes: Uint8Array) =>
  async (out: Sink): Promise<Verdict> => {
    await out.bytes('one', pieces(bytes), { chunker: 'cdc' });
    return { facts: null };
  };

/** `target-1 left out TARGET_FULL`: those that did not get the snapshot. */
function leftOut({ targets }: RunReport): string[] {
  return targets.flatMap((one) => (one.state === 'stored' ? [] : [`${one.name} ${one.failure.code}`]));
}

/** Every snapshot that lies on a target reads back from it alone. Gives how many there are. */
async function assertWhole(
  r: TestRepository,
  name: string,
  contents: ReadonlyMap<number, Uint8Array>,
): Promise<number> {
  const targets = r.targets.filter((target) => target.name === name);
  await using store = await r.openStore(targets);
  const { snapshots, damaged } = await listSnapshots(store, await r.writers(store));
  assert.deepEqual(damaged, []);
  for (const { opened } of snapshots) {
    const expected = contents.get(opened.header.sequence) ?? assert.fail(`sequence ${opened.header.sequence}`);
    await withSnapshot(
      r,
      async (reader) => assert.ok(Buffer.from(expected).equals(await collect(reader.bytes('one'))), opened.hash),
      { targets, at: opened.hash },
    );
  }
  return snapshots.length;
}

/** From the `nth` put on (counted from 1) this target answers no more; gives how many puts it was asked for. */
function failFrom(r: TestRepository, name: string, nth: number): () => number {
  let puts = 0;
  r.hooks.put = (target) => (target === name && ++puts >= nth ? fail(gone) : undefined);
  return () => puts;
}

test('a target that fails at each of its puts in turn: the other has the snapshot, and the next run mends it', async (t) => {
  for (const [name, size, least] of [
    ['target-0', 50_000, 5],
    ['target-1', 8_600_000, 6],
  ] as const) {
    const bytes = content(1, size);
    const contents = new Map([1, 2].map((n) => [n, bytes]));
    const other = name === 'target-0' ? 'target-1' : 'target-0';
    let failing = true;
    for (let nth = 1; failing; nth++) {
      await using r = await create();
      const puts = failFrom(r, name, nth);
      const report = await r.runWith(backup(bytes));
      failing = puts() >= nth;
      delete r.hooks.put;
      if (!failing) {
        assert.deepEqual([report.verdict, leftOut(report)], ['ok', []]);
        assert.ok(nth > least, `writer, epoch, packs, index and snapshot are put: ${nth - 1}`);
        t.diagnostic(`${name}: ${nth - 1} puts, each of them failed once`);
        break;
      }
      assert.deepEqual(
        [report.verdict, report.failure, leftOut(report)],
        ['incomplete', undefined, [`${name} ${gone.code}`]],
      );
      assert.deepEqual([await assertWhole(r, other, contents), await assertWhole(r, name, contents)], [1, 0], `${nth}`);
      const next = await r.runWith(backup(bytes));
      assert.deepEqual([next.verdict, leftOut(next), next.totals.newChunks], ['ok', [], 0], `${nth}`);
      assert.deepEqual([await assertWhole(r, other, contents), await assertWhole(r, name, contents)], [2, 2], `${nth}`);
    }
  }
});

test('one that was away is left out until it was given what it lacks, interrupted at each put in turn', async (t) => {
  const contents = new Map([1, 2, 3].map((n) => [n, content(n, n === 2 ? 8_600_000 : 50_000)]));
  const of = (n: number) => backup(contents.get(n) as Uint8Array);
  await using whole = await create();
  assert.equal((await whole.runWith(of(1))).verdict, 'ok');
  const away = `${whole.path('', 'target-1')}-away`;
  await rename(whole.path('', 'target-1'), away);
  const alone = await whole.runWith(of(2));
  assert.deepEqual([alone.verdict, leftOut(alone)], ['incomplete', ['target-1 TARGET_MISSING']]);
  await rename(away, whole.path('', 'target-1'));

  // The third run stores its snapshot on the first target, and then copies two.
  for (let nth = 1, n = 3; ; nth++) {
    const puts = failFrom(whole, 'target-1', nth);
    contents.set(n, contents.get(3) as Uint8Array);
    const report = await whole.runWith(of(3));
    delete whole.hooks.put;
    assert.equal(report.snapshot?.sequence, n);
    const [first, second] = [
      await assertWhole(whole, 'target-0', contents),
      await assertWhole(whole, 'target-1', contents),
    ];
    assert.equal(first, n++);
    if (puts() < nth) {
      assert.deepEqual([report.verdict, leftOut(report), second], ['ok', [], first]);
      t.diagnostic(`${nth - 1} interruptions; then copied ${JSON.stringify(report.targets[1]?.copied)}`);
      break;
    }
    assert.ok(second < first);
    // Where the newest got there, it is only said that older ones did not.
    if (report.verdict === 'ok')
      assert.match(report.problems.map(({ message }) => message).join(), /target target-1: no answer/);
    else assert.deepEqual([report.verdict, leftOut(report)], ['incomplete', [`target-1 ${gone.code}`]]);
  }
  // Nothing of what was copied was made anew: the packs of both are the same.
  assert.deepEqual(await whole.keys('packs/', 'target-1'), await whole.keys('packs/'));
  for (const key of await whole.keys('packs/'))
    assert.deepEqual(await readFile(whole.path(key)), await readFile(whole.path(key, 'target-1')), key);
});

test('targets that are away in turn end up with the same', async () => {
  const contents = new Map([1, 2, 3, 4].map((n) => [n, content(n, 300_000)]));
  const of = (n: number) => backup(contents.get(n) as Uint8Array);
  await using r = await create();
  const without = async (name: string, n: number) => {
    await rename(r.path('', name), `${r.path('', name)}-away`);
    const report = await r.runWith(of(n));
    await rename(`${r.path('', name)}-away`, r.path('', name));
    assert.deepEqual([report.verdict, leftOut(report)], ['incomplete', [`${name} TARGET_MISSING`]]);
    assert.deepEqual(report.problems, [], 'what lies on the other is not called gone');
  };
  assert.equal((await r.runWith(of(1))).verdict, 'ok');
  await without('target-1', 2);
  await without('target-0', 3);
  const both = await r.runWith(of(4));
  assert.deepEqual([both.verdict, leftOut(both), both.problems], ['ok', [], []]);
  for (const name of ['target-0', 'target-1']) assert.equal(await assertWhole(r, name, contents), 4);
});

test('all targets fail: the run fails with the first, and nothing is committed', async () => {
  await using r = await create();
  r.hooks.put = (target, key) =>
    key.startsWith('snapshots/') ? fail({ ...gone, message: `no answer of ${target}` }) : undefined;
  const report = await r.runWith(backup(content(1, 5000)));
  assert.deepEqual([report.verdict, report.failure?.code], ['failed', gone.code]);
  assert.match(report.failure?.message ?? '', /^target target-0: /);
  for (const name of ['target-0', 'target-1']) assert.deepEqual(await r.keys('snapshots/', name), []);
});

test('no more is copied than one run may, and the next goes on', async () => {
  const contents = new Map([1, 2, 3, 4, 5, 6].map((n) => [n, content(n, 300_000)]));
  await using r = await create();
  const [first] = r.targets;
  assert.ok(first);
  for (const n of [1, 2, 3]) await r.runWith(backup(contents.get(n) as Uint8Array), { targets: [first] });
  const some = await r.runWith(backup(contents.get(4) as Uint8Array), {}, { mostCopied: 300_000 });
  assert.deepEqual([some.verdict, leftOut(some)], ['incomplete', ['target-1 TARGET_BEHIND']]);
  const had = await assertWhole(r, 'target-1', contents);
  assert.ok(had >= 1 && had < 4, `${had} snapshots`);
  const rest = await r.runWith(backup(contents.get(5) as Uint8Array));
  assert.deepEqual([rest.verdict, leftOut(rest)], ['ok', []]);
  assert.equal(await assertWhole(r, 'target-1', contents), 5);
});

test('damage is not copied: what needs it stays away, and is named', async () => {
  await using r = await create();
  const [first] = r.targets;
  assert.ok(first);
  await r.runWith(backup(content(1, 300_000)), { targets: [first] });
  const [pack] = await r.keys('packs/');
  assert.ok(pack);
  await r.flip(pack, 5000);
  const report = await r.runWith(backup(content(2, 300_000)));
  assert.deepEqual([report.verdict, leftOut(report)], ['ok', []], JSON.stringify([report.targets, report.problems]));
  assert.ok(
    report.problems.some(({ code, message }) => code === 'PACK_DAMAGED' && message.includes(pack)),
    JSON.stringify([report.targets, report.problems]),
  );
  assert.ok(!(await r.keys('packs/', 'target-1')).includes(pack));
  assert.equal((await r.keys('snapshots/', 'target-1')).length, 1, 'the new one needs none of it');
});

test('a pack that is cut short on the one that was away is not copied over: what it held is stored anew', async () => {
  const contents = new Map([1, 2, 3].map((n) => [n, content(1, 300_000)]));
  await using r = await create();
  await r.runWith(backup(content(1, 300_000)));
  const [pack] = await r.keys('packs/');
  const [snapshot] = await r.keys('snapshots/');
  assert.ok(pack && snapshot);
  await truncate(r.path(pack, 'target-1'), 5000);
  await r.remove(snapshot, 'target-1');
  const report = await r.runWith(backup(content(1, 300_000)));
  assert.deepEqual(leftOut(report), []);
  assert.ok(report.totals.newBytes > 300_000);
  assert.equal(await assertWhole(r, 'target-0', contents), 2);
  assert.equal(await assertWhole(r, 'target-1', contents), 1);
});
