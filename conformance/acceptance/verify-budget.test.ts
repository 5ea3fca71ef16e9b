import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { VerifyReport } from '../../agent/recovery/verification.ts';
import { noise } from '../kit/samples.ts';
import { Machine } from './machine.ts';
import { assertExit, documentOf } from './program.ts';

const PACKS = 6;

/** A machine whose repository has as many packs as it had runs. */
async function several(): Promise<Machine> {
  const machine = await Machine.create();
  for (let i = 0; i < PACKS; i++) {
    await writeFile(join(machine.data, `file ${i}`), noise(i, 200_000));
    await machine.ask(['run']);
  }
  return machine;
}

async function part(machine: Machine, ...budget: readonly string[]) {
  const report = await machine.ask<VerifyReport>(['verify', ...budget]);
  return report.coverage?.[0] ?? assert.fail('nothing is said of how far it came');
}

test('a budget reads what was not read for longest, until all was', async () => {
  await using machine = await several();
  const whole = await machine.ask<VerifyReport>(['verify', '--level', 'list']);
  assert.equal(whole.coverage, undefined);
  const never: number[] = [];
  for (let i = 0; i < 5; i++) {
    const { never: left, read, objects, readBytes, bytes } = await part(machine, '--sample', '30%');
    assert.ok(read < objects && readBytes >= bytes * 0.3 && readBytes < bytes);
    never.push(left);
  }
  assert.deepEqual([never.at(-1), never.toSorted((a, b) => b - a)], [0, never], `${never}`);
  const text = await machine.call(['verify', '--sample', '30%']);
  assertExit(text, 0);
  assert.match(text.stdout, /note +target local: \d+ of \d+ objects read, .* of .*; all were read whole since 20\d\d-/);
  assert.doesNotMatch(text.stdout, /proven/);
});

test('a time that is over after the first object is enough to come round', async () => {
  await using machine = await several();
  let { never, objects } = await part(machine, '--max-time', '1ms');
  for (let i = 0; never > 0; i++) {
    assert.ok(i < objects, 'it does not come round');
    ({ never, objects } = await part(machine, '--max-time', '1ms'));
  }
});

test('what is damaged is found when its turn comes, and its turn comes first from then on', async () => {
  await using machine = await several();
  assert.equal((await part(machine, '--sample', '100%')).never, 0);
  const [pack = ''] = [...(await machine.objects('packs')).keys()].sort().slice(-1);
  const file = join(machine.repository, pack);
  const bytes = await readFile(file);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await chmod(file, 0o600);
  await writeFile(file, bytes);
  const verify = async () => {
    const ended = await machine.call(['verify', '--sample', '1%', '--json']);
    return { exit: ended.exit, report: documentOf<VerifyReport>(ended) };
  };
  let found = await verify();
  for (let i = 0; found.exit === 0; i++, found = await verify()) assert.ok(i < 3 * PACKS, 'it is never found');
  for (const { exit, report } of [found, await verify()]) {
    assert.equal(exit, 1);
    assert.deepEqual(
      report.findings.map(({ object, failure }) => [object, failure.code]),
      [[pack, 'PACK_DAMAGED']],
    );
  }
});

test('a budget that is none is refused', async () => {
  await using machine = await Machine.create();
  for (const [flag, value] of [
    ['--sample', '0%'],
    ['--sample', '5'],
    ['--max-time', '0s'],
    ['--max-time', '1mo'],
  ] as const)
    assertExit(await machine.call(['verify', flag, value]), 64);
});
