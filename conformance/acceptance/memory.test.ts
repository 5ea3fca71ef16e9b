import assert from 'node:assert/strict';
import { closeSync, ftruncateSync, mkdirSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RunReport } from '../../agent/engine/run-report.ts';
import type { RestoreReport } from '../../agent/recovery/restore.ts';
import type { VerifyReport } from '../../agent/recovery/verification.ts';
import { Random } from '../benchmark/random.ts';
import { noise } from '../kit/samples.ts';
import { Machine } from './machine.ts';
import { assertExit, documentOf, type Ended } from './program.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
/** What the agent may have resident, whatever it backs up. */
const LIMIT = 400 * MiB;
const FILES = 30_000;

/** Runs a verb, says what it took, and gives its report when it stayed below the limit. */
async function measured<T>(
  t: TestContext,
  machine: Machine,
  name: string,
  args: readonly string[],
  given = {},
): Promise<T> {
  const ended = await machine.call([...args, '--json'], { ...given, peakFile: machine.place('peak') });
  assertExit(ended, 0);
  t.diagnostic(`${name}: ${(ended.peakBytes / MiB).toFixed(0)} MiB resident at most, ${ended.seconds.toFixed(1)} s`);
  peaks.push({ name, ended });
  return documentOf<T>(ended);
}

const peaks: { readonly name: string; readonly ended: Ended }[] = [];

/** Holds when everything measured since the last call stayed below the limit; all of it is named when not. */
function assertBounded(): void {
  const over = peaks.splice(0).filter(({ ended }) => !(ended.peakBytes < LIMIT));
  const named = over.map(({ name, ended }) => `${name} took ${(ended.peakBytes / MiB).toFixed(0)} MiB`);
  assert.deepEqual(named, [], `more than ${LIMIT / MiB} MiB`);
}

/** More than 1 GiB in 30,000 files that are all different: half of it compresses, half does not. */
function makeManyFiles(root: string): void {
  const random = new Random(1);
  for (let i = 0; i < FILES; i++) {
    const folder = join(root, `${i % 20}`, `${i % 500}`);
    if (i < 500) mkdirSync(folder, { recursive: true });
    // Two thousand of 256 KiB, some of a few MiB, the others small.
    const length = i % 15 === 0 ? 256 * 1024 : i % 500 === 1 ? 4 * MiB : 1 + random.below(24 * 1024);
    const bytes = noise(i, length);
    writeFileSync(
      join(folder, `file ${i}`),
      i % 2 === 0 ? bytes : Buffer.from(bytes.buffer, 0, length >> 1).toString('hex'),
    );
  }
}

test('1 GiB in 30,000 files: run, unchanged run, restore and verification stay below 400 MiB', async (t) => {
  await using machine = await Machine.create();
  makeManyFiles(machine.data);
  const { runs } = await measured<{ runs: readonly RunReport[] }>(t, machine, 'run', ['run']);
  const { files, size, storedBytes } = runs[0]?.totals ?? { files: 0, size: 0, storedBytes: 0 };
  t.diagnostic(`${files} files, ${(size / MiB).toFixed(0)} MiB, ${(storedBytes / MiB).toFixed(0)} MiB stored`);
  assert.ok(files >= FILES && size >= GiB && storedBytes > size / 2);
  const again = await measured<{ runs: readonly RunReport[] }>(t, machine, 'unchanged run', ['run']);
  assert.equal(again.runs[0]?.totals.unchanged, files);
  await measured<VerifyReport>(t, machine, 'verify --level checksum', ['verify']);
  await measured<VerifyReport>(t, machine, 'verify --level decrypt', ['verify', '--level', 'decrypt']);
  const into = machine.place('restored');
  const restored = await measured<RestoreReport>(t, machine, 'restore', ['restore', 'files', '--into', into]);
  assert.deepEqual([restored.verdict, restored.bytes], ['ok', size]);
  assertBounded();
});

test('a sparse file of 8 GiB needs no more, and comes back with its holes', async (t) => {
  await using machine = await Machine.create();
  const name = 'sparse.img';
  const file = openSync(join(machine.data, name), 'w');
  for (let i = 0; i < 8; i++) writeSync(file, noise(i, 2 * MiB), 0, 2 * MiB, i * GiB + i * 4096);
  ftruncateSync(file, 8 * GiB);
  closeSync(file);
  const { runs } = await measured<{ runs: readonly RunReport[] }>(t, machine, 'run', ['run']);
  assert.equal(runs[0]?.totals.size, 8 * GiB);
  assert.ok((runs[0]?.totals.storedBytes ?? GiB) < 32 * MiB, 'zeros cost nothing');
  const into = machine.place('restored');
  await measured<RestoreReport>(t, machine, 'restore', ['restore', 'files', '--into', into]);
  const [original, restored] = [machine.data, into].map((root) => statSync(join(root, name)));
  assert.ok(original && restored);
  t.diagnostic(
    `${(original.blocks / 2048).toFixed(0)} MiB allocated before, ${(restored.blocks / 2048).toFixed(0)} MiB restored`,
  );
  assert.equal(restored.size, 8 * GiB);
  // Where data begins and ends in the middle of a chunk, up to two chunks of zeros may be written out.
  assert.ok(restored.blocks * 512 < original.blocks * 512 + 8 * 4 * MiB);
  assertBounded();
});

async function* stream(bytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes; at += MiB) yield noise(at / MiB, MiB);
}

test('a stream of 2 GiB on stdin needs no more', async (t) => {
  await using machine = await Machine.create();
  const report = await measured<{ runs: readonly RunReport[] }>(t, machine, 'run --stdin', ['run', '--stdin', 'dump'], {
    input: stream(2 * GiB),
  });
  assert.equal(report.runs[0]?.totals.size, 2 * GiB);
  const { findings } = await measured<VerifyReport>(t, machine, 'verify', ['verify']);
  assert.deepEqual(findings, []);
  assertBounded();
});
