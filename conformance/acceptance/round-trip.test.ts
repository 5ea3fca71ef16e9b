import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RunReport } from '../../agent/engine/run-report.ts';
import type { RestoreReport } from '../../agent/recovery/restore.ts';
import type { VerifyReport } from '../../agent/recovery/verification.ts';
import { assertAlike, differences, skipComparing } from './difference.ts';
import { Machine } from './machine.ts';
import { assertExit, checkout } from './program.ts';
import { makeVariedTree } from './varied-tree.ts';

const MiB = 2 ** 20;
const mebibytes = (bytes: number) => `${(bytes / MiB).toFixed(0)} MiB`;
const seconds = ({ durationMs }: { durationMs: number }) => `${(durationMs / 1000).toFixed(1)} s`;

/** Backs up, verifies by decrypting, restores, and compares with what is there now. Resolves to the restored folder. */
async function goRound(
  t: TestContext,
  machine: Machine,
  original: string,
  without: readonly string[] = [],
): Promise<string> {
  const { runs } = await machine.ask<{ runs: readonly RunReport[] }>(['run']);
  const [run] = runs;
  assert.ok(run);
  assert.deepEqual([run.verdict, run.skipped, run.problems], ['ok', [], []]);
  const verified = await machine.ask<VerifyReport>(['verify', '--level', 'decrypt']);
  assert.deepEqual([verified.verdict, verified.findings], ['ok', []]);
  const into = machine.place('restored');
  const restored = await machine.ask<RestoreReport>(['restore', 'files', '--into', into]);
  assert.deepEqual([restored.verdict, restored.skipped], ['ok', []]);
  const { files, size, newBytes, storedBytes } = run.totals;
  t.diagnostic(`${files} files, ${mebibytes(size)}, ${mebibytes(newBytes)} new, ${mebibytes(storedBytes)} stored`);
  t.diagnostic(`run ${seconds(run)}, verify --level decrypt ${seconds(verified)}, restore ${seconds(restored)}`);
  assertAlike(original, into, without);
  return into;
}

/** A second run finds nothing new, and looks into no file. */
async function assertUnchanged(t: TestContext, machine: Machine): Promise<void> {
  const { runs } = await machine.ask<{ runs: readonly RunReport[] }>(['run']);
  const [run] = runs;
  assert.ok(run);
  const { totals, counters } = run;
  t.diagnostic(`unchanged run ${seconds(run)}`);
  assert.deepEqual(
    {
      verdict: run.verdict,
      unchanged: totals.unchanged,
      newChunks: totals.newChunks,
      read: counters.stages.read.bytesIn,
    },
    { verdict: 'ok', unchanged: totals.files, newChunks: 0, read: 0 },
  );
}

test('a generated tree of more than 20,000 files goes round without a difference', {
  skip: skipComparing,
}, async (t) => {
  await using machine = await Machine.create();
  const { files } = makeVariedTree(machine.data, { seed: 20261123, smallFiles: 20_000 });
  assert.ok(files > 20_000);
  const restored = await goRound(t, machine, machine.data);
  assertTimesAlike(machine.data, restored);
  const holes = statSync(join(restored, 'large/with holes'));
  assert.ok(holes.size > 48 * MiB && holes.blocks * 512 < 4 * MiB, 'two bits of data in 48 MiB of holes');
  await assertUnchanged(t, machine);
  assertSeesDifferences(restored, machine.data);
});

/** rsync compares whole seconds; a restore promises about a quarter of a microsecond. */
function assertTimesAlike(original: string, restored: string): void {
  const names = readdirSync(original, { recursive: true, encoding: 'utf8' }).filter((name) => !name.includes('odd'));
  assert.ok(names.length > 20_000);
  for (const name of names) {
    const [was = 0n, is = 0n] = [original, restored].map(
      (root) => lstatSync(join(root, name), { bigint: true }).mtimeNs,
    );
    assert.ok(
      (is > was ? is - was : was - is) < 500n && is / 10n ** 9n === was / 10n ** 9n,
      `${name}: ${was}, now ${is}`,
    );
  }
}

/** A comparison that finds nothing may be looking at nothing: each kind of difference is planted, and must be seen. */
function assertSeesDifferences(restored: string, original: string): void {
  const planted = ['medium/1/1', 'medium/2/2', 'medium/3/3', 'crowd/5/5/extra'] as const;
  const [content, mode, time, extra] = planted.map((name) => join(restored, name));
  assert.ok(content && mode && time && extra);
  const { atime, mtime } = statSync(content);
  const bytes = readFileSync(content);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  writeFileSync(content, bytes);
  utimesSync(content, atime, mtime);
  chmodSync(mode, 0o604);
  utimesSync(time, 1, 1);
  writeFileSync(extra, '');
  const seen = differences(original, restored).filter((line) => !line.startsWith('.d..t'));
  assert.deepEqual(
    seen.sort(),
    [
      `*deleting   ${planted[3]}`,
      `.f...p..... ${planted[1]}`,
      `.f..t...... ${planted[2]}`,
      `>fc........ ${planted[0]}`,
    ].sort(),
  );
}

test('/usr/share goes round without a difference', { skip: skipComparing }, async (t) => {
  const original = '/usr/share';
  // Not running as root, there may be folders of others: they are left out on both sides.
  const { stdout } = spawnSync('find', [original, '!', '-type', 'l', '!', '-readable', '-prune', '-printf', '/%P\\n']);
  const unreadable = String(stdout).split('\n').filter(Boolean);
  if (unreadable.length > 0) t.diagnostic(`left out, because this user may not read it: ${unreadable.join(' ')}`);
  await using machine = await Machine.create({ paths: [original], exclude: unreadable });
  await goRound(t, machine, original, unreadable);
  await assertUnchanged(t, machine);
});

test('this checkout goes round without a difference', { skip: skipComparing }, async (t) => {
  await using machine = await Machine.create();
  // A copy: what lies in the checkout itself may be worked on meanwhile.
  for (const name of readdirSync(checkout).filter((name) => name !== 'node_modules' && name !== '.git')) {
    cpSync(join(checkout, name), join(machine.data, name), { recursive: true, preserveTimestamps: true });
  }
  const before = execFileSync('find', [machine.data, '-type', 'f']).toString().split('\n').length;
  assert.ok(before > 200);
  const restored = await goRound(t, machine, machine.data);
  await assertUnchanged(t, machine);
  appendFileSync(join(machine.data, 'README.md'), 'a line more\n');
  const { runs } = await machine.ask<{ runs: readonly RunReport[] }>(['run']);
  assert.equal(runs[0]?.totals.files, (runs[0]?.totals.unchanged ?? 0) + 1);
  const again = await machine.call(['restore', 'files', '--into', restored, '--conflict', 'replace', '--yes']);
  assertExit(again, 0);
  assertAlike(machine.data, restored);
});
