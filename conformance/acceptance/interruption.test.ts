import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { appendFile, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunReport } from '../../agent/engine/run-report.ts';
import type { RestoreReport } from '../../agent/recovery/restore.ts';
import type { VerifyReport } from '../../agent/recovery/verification.ts';
import { Random } from '../benchmark/random.ts';
import { noise } from '../kit/samples.ts';
import { assertSameContent } from './difference.ts';
import { Machine } from './machine.ts';
import { assertExit, documentOf, until } from './program.ts';

const MiB = 2 ** 20;
const KILLS = 10;
/** The least memory for buffers there may be makes the smallest packs, 8 MiB: many of them, and many moments between them. */
const limits = { memory: '64MiB', workers: 2 };

/** Files that do not compress: what they take in the repository is known beforehand. */
function makeFiles(folder: string, { count, each, seed }: { count: number; each: number; seed: number }): void {
  mkdirSync(folder, { recursive: true });
  for (let i = 0; i < count; i++) writeFileSync(join(folder, `file ${i}`), noise(seed + i, each));
}

function sum(objects: ReadonlyMap<string, number>): number {
  return [...objects.values()].reduce((all, size) => all + size, 0);
}

async function assertRestores(machine: Machine, at: string, original: string, name: string): Promise<void> {
  const into = machine.place(name);
  const report = await machine.ask<RestoreReport>(['restore', 'files', '--at', at, '--into', into]);
  assert.deepEqual([report.verdict, report.skipped], ['ok', []]);
  assertSameContent(original, into);
}

test(`a run that is killed ${KILLS} times goes on with what was stored, and hurts no earlier snapshot`, async (t) => {
  await using machine = await Machine.create({ limits });
  const random = new Random(3);
  makeFiles(machine.data, { count: 40, each: MiB / 8, seed: 1 });
  const { runs: first } = await machine.ask<{ runs: readonly RunReport[] }>(['run']);
  const earlier = machine.place('earlier');
  await assertRestores(machine, 'latest', machine.data, 'earlier');
  const kept = await machine.snapshots();
  assert.equal(kept.length, 1);
  const before = sum(await machine.objects('packs'));
  const added = 72;
  makeFiles(join(machine.data, 'added'), { count: added, each: 4 * MiB, seed: 1000 });

  const figures: string[] = [];
  for (let kill = 1; kill <= KILLS; kill++) {
    const packs = await machine.objects('packs');
    const start = sum(packs) + sum(await machine.objects('tmp'));
    // In turns right after the first byte written, and some packs later: also in the middle of one.
    const grown = kill % 2 === 1 ? 1 + random.below(6 * MiB) : 14 * MiB + random.below(24 * MiB);
    const child = machine.start(['run']);
    await until(
      child,
      async () => sum(await machine.objects('packs')) + sum(await machine.objects('tmp')) >= start + grown,
    );
    const { signal } = await child.kill();
    assert.equal(signal, 'SIGKILL');
    const now = await machine.objects('packs');
    for (const [key, size] of packs) assert.equal(now.get(key), size, `${key} stays as it was stored`);
    figures.push(`${((sum(now) - sum(packs)) / MiB).toFixed(0)}+${(await machine.objects('tmp')).size}`);
    assert.deepEqual(await machine.snapshots(), kept, 'nothing of the killed run can be seen');
    if (kill % 4 === 0) await assertRestores(machine, 'latest', earlier, `after-${kill}`);
  }
  t.diagnostic(`MiB of packs stored + files left in tmp, after each kill: ${figures.join(' ')}`);

  // What a kill in the middle of a write leaves; by chance it may have met none.
  const [pack = ''] = (await machine.objects('packs')).keys();
  await copyFile(join(machine.repository, pack), join(machine.repository, 'tmp', `~${'0'.repeat(24)}`));
  const packs = await machine.objects('packs');
  const verified = await machine.ask<VerifyReport>(['verify']);
  assert.deepEqual([verified.verdict, verified.findings, verified.checked.packs], ['ok', [], packs.size]);

  const { runs } = await machine.ask<{ runs: readonly RunReport[] }>(['run']);
  const all = await machine.objects('packs');
  for (const [key, size] of packs) assert.equal(all.get(key), size);
  const [stored, whole] = [sum(all) - before, added * 4 * MiB];
  const newly = runs[0]?.totals.storedBytes ?? 0;
  t.diagnostic(
    `${(whole / MiB).toFixed(0)} MiB to store: ${((sum(packs) - before) / MiB).toFixed(0)} MiB by killed runs, ` +
      `${(newly / MiB).toFixed(0)} MiB by the last; ${(stored / MiB).toFixed(0)} MiB in all`,
  );
  assert.ok(sum(packs) - before > whole / 10, 'the killed runs stored something worth keeping');
  assert.ok(newly < whole - (sum(packs) - before) * 0.9, 'the last run stored again what was there');
  assert.ok(stored > whole && stored < whole * 1.03, 'all of it is stored, and once');
  assert.equal((await machine.snapshots()).length, 2);
  await assertRestores(machine, 'latest', machine.data, 'whole');
  await assertRestores(machine, first[0]?.snapshot?.id ?? '', earlier, 'first');
  const decrypted = await machine.ask<VerifyReport>(['verify', '--level', 'decrypt']);
  assert.deepEqual([decrypted.verdict, decrypted.findings], ['ok', []]);
});

test('a run that dies between any two steps of its commit has either made its snapshot whole or not at all', async (t) => {
  await using machine = await Machine.create();
  const nodeArgs = ['--import', import.meta.resolve('./die-at-link.ts')];
  makeFiles(machine.data, { count: 3, each: 5000, seed: 1 });
  await machine.ask(['run']);
  let known = await machine.snapshots();
  let deaths = 0;
  let survived = false;
  for (let n = 1; !survived; n++) {
    for (const moment of ['before', 'after']) {
      await appendFile(join(machine.data, 'file 0'), `${moment} ${n}`);
      const ended = await machine.call(['run'], { nodeArgs, env: { HOLDFAST_TEST_DIE: `${n} ${moment}` } });
      if (ended.signal === 'SIGKILL') deaths += 1;
      else assertExit(ended, 0);
      survived = ended.signal === null;
      const found = await machine.snapshots();
      assert.deepEqual(found.slice(0, known.length), known);
      assert.ok(
        found.length === known.length || (found.length === known.length + 1 && (survived || moment === 'after')),
      );
      const verified = await machine.ask<VerifyReport>(['verify']);
      assert.deepEqual([verified.verdict, verified.findings], ['ok', []]);
      known = found;
    }
  }
  t.diagnostic(`died at ${deaths} moments; ${known.length} snapshots`);
  assert.ok(deaths >= 6, 'it publishes at least a pack, an index and a snapshot');
  await machine.ask(['run']);
  await assertRestores(machine, 'latest', machine.data, 'restored');
});

test('Ctrl-C during a run: exit 130, no snapshot, and the next run goes on', async (t) => {
  await using machine = await Machine.create({ limits });
  makeFiles(machine.data, { count: 40, each: 4 * MiB, seed: 1 });
  const child = machine.start(['run', '--json']);
  await until(child, async () => (await machine.objects('packs')).size > 0);
  child.process.kill('SIGINT');
  const ended = await child.ended;
  assertExit(ended, 130);
  assert.match(ended.stderr, /Interrupted/);
  const [run] = documentOf<{ runs: readonly RunReport[] }>(ended).runs;
  assert.deepEqual([run?.verdict, run?.failure?.code, run?.snapshot], ['cancelled', 'CANCELLED', undefined]);
  assert.deepEqual(await machine.snapshots(), []);
  assert.equal((await machine.objects('snapshots')).size, 0);
  assert.equal((await machine.objects('tmp')).size, 0, 'it clears up what it had begun');
  assert.deepEqual(readdirSync(join(machine.state, 'scratch')), []);
  const stored = sum(await machine.objects('packs'));
  const { runs } = await machine.ask<{ runs: readonly RunReport[] }>(['run']);
  const newly = runs[0]?.totals.storedBytes ?? 0;
  t.diagnostic(`${(stored / MiB).toFixed(0)} MiB stored before, ${(newly / MiB).toFixed(0)} MiB after`);
  assert.ok(newly < 160 * MiB * 1.01 - stored * 0.95, 'what was stored is not stored again');
  await assertRestores(machine, 'latest', machine.data, 'restored');
});

test('a run that systemd stops ends with 143, and says by what', async () => {
  await using machine = await Machine.create({ limits });
  makeFiles(machine.data, { count: 20, each: 4 * MiB, seed: 2 });
  const child = machine.start(['run']);
  await until(child, async () => (await machine.objects('packs')).size > 0);
  child.process.kill('SIGTERM');
  const ended = await child.ended;
  assertExit(ended, 143);
  assert.match(ended.stderr, /Terminated/);
  assert.deepEqual(await machine.snapshots(), []);
});

test('a run that is stopped before its first job began is no success', async () => {
  await using machine = await Machine.create();
  // As soon as it listens, long before it has read its policy.
  const atOnce = "process.on('newListener', (name) => name === 'SIGTERM' && process.kill(process.pid, name))";
  const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(atOnce)}`];
  const ended = await machine.call(['run', '--json'], { nodeArgs });
  assertExit(ended, 143);
  assert.match(ended.stderr, /Terminated/);
  assert.deepEqual(documentOf(ended), { runs: [] });
  assert.deepEqual(await machine.snapshots(), []);
});

test('Ctrl-C during a restore: exit 130, every file that is there is whole, and the next restore works', async (t) => {
  await using machine = await Machine.create();
  makeFiles(join(machine.data, 'small'), { count: 1500, each: 20_000, seed: 1 });
  makeFiles(join(machine.data, 'large'), { count: 5, each: 48 * MiB, seed: 5000 });
  await machine.ask(['run']);
  for (const folder of ['large', 'small']) {
    const into = machine.place(`interrupted-${folder}`);
    const child = machine.start(['restore', 'files', '--into', into, '--json', `/${folder}`]);
    await until(child, () => existsSync(join(into, folder)) && readdirSync(join(into, folder)).length > 0);
    child.process.kill('SIGINT');
    const ended = await child.ended;
    assertExit(ended, 130);
    assert.match(ended.stderr, /Interrupted/);
    const report = documentOf<RestoreReport>(ended);
    assert.deepEqual([report.verdict, report.failure?.code], ['cancelled', 'CANCELLED']);
    const names = readdirSync(join(into, folder));
    for (const name of names) {
      const [a, b] = [machine.data, into].map((root) => readFileSync(join(root, folder, name)));
      assert.ok(a && b && a.equals(b), `${folder}/${name} is not whole: ${b?.length} of ${a?.length} bytes`);
    }
    t.diagnostic(`${folder}: ${names.length} files were there, all of them whole`);
    const again = ['restore', 'files', '--into', into, '--conflict', 'replace', `/${folder}`];
    assertExit(await machine.call(again), 0);
    assertSameContent(join(machine.data, folder), join(into, folder));
  }
  assert.deepEqual(readdirSync(join(machine.state, 'scratch')), []);
});
