/** A host whose clock is wrong, ahead and behind, between runs of the real program. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Failure } from '../../agent/contract/index.ts';
import type { RunReport } from '../../agent/engine/run-report.ts';
import type { VerifyReport } from '../../agent/recovery/verification.ts';
import { Machine } from '../acceptance/machine.ts';
import { assertExit, documentOf } from '../acceptance/program.ts';

const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;
const nodeArgs = ['--import', import.meta.resolve('./shifted-clock.ts')];

interface Said {
  readonly runs: readonly RunReport[];
}

async function runAt(machine: Machine, shift: number, exit: number): Promise<RunReport> {
  const ended = await machine.call(['run', '--json'], { nodeArgs, env: { HOLDFAST_TEST_SHIFT: `${shift}` } });
  assertExit(ended, exit);
  const [run] = documentOf<Said>(ended).runs;
  assert.ok(run);
  assert.ok(run.durationMs >= 0 && run.phases.every(({ ms }) => ms >= 0), 'no time is negative');
  return run;
}

function codes(problems: readonly Failure[]): readonly string[] {
  for (const { hint } of problems) assert.ok(hint);
  return problems.map(({ code }) => code);
}

test('runs of a clock that jumps: in the order of their numbers, the last is the latest, and each wrong time is told', async (t) => {
  await using machine = await Machine.create();
  const ends2106 = Date.UTC(2106, 1, 8) - Date.now();
  // [clock, what is told, whether it comes with another epoch]
  const steps: readonly [name: string, shift: number, told: number, renewed: boolean][] = [
    ['right', 0, 0, false],
    ['an hour ahead', HOUR, 1, false],
    // The snapshot before it comes from the future.
    ['right again', 0, 1, false],
    ['a year ahead', YEAR, 1, true],
    ['a year ahead, less an hour', YEAR - HOUR, 2, false],
    ['right after a year ahead', 0, 1, true],
    ['after 2106', ends2106, 1, true],
    ['right in the end', 0, 1, true],
    ['and still', 0, 0, false],
  ];
  const ids: string[] = [];
  let epochs = epochsIn(machine);
  for (const [i, [name, shift, told, renewed]] of steps.entries()) {
    writeFileSync(join(machine.data, 'file'), name);
    const run = await runAt(machine, shift, 0);
    assert.deepEqual([run.verdict, codes(run.problems)], ['ok', Array(told).fill('CLOCK_WRONG')], name);
    assert.equal(run.snapshot?.sequence, i + 1, name);
    ids.push(run.snapshot?.id ?? '');
    const there = epochsIn(machine);
    assert.equal(there - epochs, renewed ? 1 : 0, `epochs after ${name}`);
    epochs = there;
  }
  assert.deepEqual(
    (await machine.snapshots()).map(({ id }) => id),
    ids,
  );
  await machine.ask(['restore', 'files', '--into', machine.place('latest')]);
  assert.equal(readFileSync(join(machine.place('latest'), 'file'), 'utf8'), 'and still');
  await machine.ask(['restore', 'files', '--at', ids[6] ?? '', '--into', machine.place('2106')]);
  assert.equal(readFileSync(join(machine.place('2106'), 'file'), 'utf8'), 'after 2106');
  for (const shift of [0, -YEAR, ends2106]) {
    const given = { nodeArgs, env: { HOLDFAST_TEST_SHIFT: `${shift}` } };
    const verified = await machine.ask<VerifyReport>(['verify', '--level', 'decrypt'], given);
    assert.deepEqual([verified.verdict, verified.findings], ['ok', []], `read under a clock that is ${shift} ms off`);
  }
  t.diagnostic(`${steps.length} runs, ${epochs} epochs`);
});

function epochsIn({ repository }: Machine): number {
  return readdirSync(join(repository, 'keys/epochs'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  ).length;
}

test('a clock before the key was made: nothing is sealed to it, exit 77, and that the clock is wrong is told', async () => {
  await using machine = await Machine.create();
  for (const shift of [-2 * HOUR, -YEAR, -Date.now() + 1000]) {
    const run = await runAt(machine, shift, 77);
    assert.deepEqual([run.verdict, run.failure?.code, run.snapshot], ['failed', 'RECIPIENT_UNUSABLE', undefined]);
    assert.match(run.failure?.hint ?? '', /clock/);
    assert.deepEqual(codes(run.problems), ['CLOCK_WRONG']);
  }
  const right = await runAt(machine, 0, 0);
  assert.deepEqual([right.snapshot?.sequence, right.problems], [1, []]);
});
