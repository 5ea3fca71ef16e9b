import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import type { RunReport } from '../../agent/engine/run-report.ts';
import { noise } from '../kit/samples.ts';
import { Machine } from './machine.ts';
import { assertExit, until } from './program.ts';

const MiB = 2 ** 20;
const BLOCKS = 60;

/** 60 MiB, of which every other one compresses; with `insertion`, some bytes more in the middle. */
function* dump(insertion?: Uint8Array): Generator<Uint8Array> {
  for (let i = 0; i < BLOCKS; i++) {
    if (insertion !== undefined && i === BLOCKS / 2) yield insertion;
    yield i % 2 === 0 ? noise(i, MiB) : Buffer.from(Buffer.from(noise(i, MiB / 2)).toString('hex'));
  }
}

function hashOf(blocks: Iterable<Uint8Array>): string {
  const hash = createHash('sha256');
  for (const block of blocks) hash.update(block);
  return hash.digest('hex');
}

async function hashOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

async function store(machine: Machine, input: Iterable<Uint8Array>): Promise<RunReport> {
  const { runs } = await machine.ask<{ runs: readonly RunReport[] }>(['run', '--stdin', 'dump.sql'], { input });
  const [run] = runs;
  assert.ok(run);
  return run;
}

test('streams come back byte by byte, and nearly equal ones are stored once', async (t) => {
  await using machine = await Machine.create();
  const insertion = Buffer.from('-- a line that was not there the first time\n');
  const first = await store(machine, dump());
  const second = await store(machine, dump(insertion));
  assert.deepEqual([first.totals.size, second.totals.size], [BLOCKS * MiB, BLOCKS * MiB + insertion.length]);
  t.diagnostic(`${first.totals.newBytes} bytes new in the first, ${second.totals.newBytes} in the second`);
  assert.ok(first.totals.newBytes >= BLOCKS * MiB);
  assert.ok(second.totals.newBytes < 10 * MiB, 'only what lies around the insertion is new');
  for (const [run, expected] of [
    [first, hashOf(dump())],
    [second, hashOf(dump(insertion))],
  ] as const) {
    const into = machine.place(`restored-${run.snapshot?.id}`);
    await machine.ask(['restore', 'dump.sql', '--at', run.snapshot?.id ?? '', '--into', into]);
    assert.deepEqual(await readdir(into), ['dump.sql']);
    assert.equal(await hashOfFile(join(into, 'dump.sql')), expected);
  }
});

test('a stream without a byte is one, too', async () => {
  await using machine = await Machine.create();
  await store(machine, []);
  const into = machine.place('restored');
  await machine.ask(['restore', 'dump.sql', '--into', into]);
  assert.equal((await stat(join(into, 'dump.sql'))).size, 0);
});

test('a restore replaces only when asked to, and one that is interrupted leaves what was there', async () => {
  await using machine = await Machine.create();
  await store(machine, dump());
  const into = machine.place('restored');
  const restore = ['restore', 'dump.sql', '--into', into];
  const first = machine.start(restore);
  await until(first, () => existsSync(join(into, 'dump.sql')));
  first.process.kill('SIGINT');
  assertExit(await first.ended, 130);
  assert.deepEqual(await readdir(into), [], 'half a stream is not left under its name');
  await writeFile(join(into, 'dump.sql'), 'mine');
  const refused = await machine.call(restore);
  assertExit(refused, 1);
  assert.match(refused.stderr, /RESTORE_CONFLICT/);
  const second = machine.start([...restore, '--conflict', 'replace']);
  await until(second, async () => (await readdir(into)).length === 2);
  second.process.kill('SIGINT');
  assertExit(await second.ended, 130);
  assert.deepEqual(await readdir(into), ['dump.sql']);
  assert.equal(await readFile(join(into, 'dump.sql'), 'utf8'), 'mine');
  assertExit(await machine.call([...restore, '--conflict', 'replace']), 0);
  assert.equal(await hashOfFile(join(into, 'dump.sql')), hashOf(dump()));
});
