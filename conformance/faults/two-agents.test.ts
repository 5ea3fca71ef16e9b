/** Two agents with one state folder, or with copies of one. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunReport } from '../../agent/engine/run-report.ts';
import type { VerifyReport } from '../../agent/recovery/verification.ts';
import { assertSameContent } from '../acceptance/difference.ts';
import { Machine } from '../acceptance/machine.ts';
import { assertExit, documentOf, type Ended, until } from '../acceptance/program.ts';
import { noise } from '../kit/samples.ts';

const MiB = 2 ** 20;

function runOf(ended: Ended): RunReport {
  const [run] = documentOf<{ runs: readonly RunReport[] }>(ended).runs;
  assert.ok(run);
  return run;
}

async function assertSound(machine: Machine): Promise<void> {
  const verified = await machine.ask<VerifyReport>(['verify', '--level', 'decrypt']);
  assert.deepEqual([verified.verdict, verified.findings], ['ok', []]);
}

async function* endless(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('begun');
  await new Promise(() => {});
}

test('whatever is called at once: it ends well or says that another is at work, and nothing is broken', async (t) => {
  await using machine = await Machine.create();
  writeFileSync(join(machine.data, 'file'), noise(1, 8 * MiB));
  await machine.ask(['run']);
  const calls: readonly (readonly string[])[] = [
    ['run'],
    ['run'],
    ['init', '--yes'],
    ['verify'],
    ['restore', 'files', '--into', machine.place('meanwhile')],
  ];
  writeFileSync(join(machine.data, 'file'), noise(2, 8 * MiB));
  const all = await Promise.all(calls.map((args) => machine.call([...args, '--json'])));
  for (const ended of all) {
    if (ended.exit === 75) assert.match(ended.stderr, /another|other|again/i, ended.command);
    else assertExit(ended, 0);
  }
  t.diagnostic(all.map(({ command, exit }) => `${command.split(' ')[0]} ${exit}`).join(', '));
  assert.ok(all.some(({ command, exit }) => command.startsWith('run') && exit === 0));
  await assertSound(machine);
});

test('runs of two jobs with domains of their own go on beside each other, each the first of its domain', async () => {
  await using machine = await Machine.create();
  const policy = readFileSync(machine.policy, 'utf8')
    .replace(/^retention:.*$/m, 'retention: { standard: { keep: { last: 9 } }, other: { keep: { last: 9 } } }')
    .replace(
      /^jobs:.*$/m,
      'jobs: { files: { source: files, targets: [local] }, second: { source: files, targets: [local], retention: other } }',
    );
  writeFileSync(machine.policy, policy);
  writeFileSync(join(machine.data, 'file'), noise(3, 4 * MiB));
  // Both add their domain to one file of keys.
  const both = await Promise.all(['files', 'second'].map((job) => machine.call(['run', job, '--json'])));
  for (const ended of both) assertExit(ended, 0);
  assert.deepEqual(
    both.map((ended) => [runOf(ended).snapshot?.sequence, runOf(ended).problems]),
    [
      [1, []],
      [1, []],
    ],
  );
  for (const ended of both) {
    const { hash = '' } = runOf(ended).snapshot ?? {};
    const into = machine.place(hash);
    await machine.ask(['restore', 'files', '--at', hash, '--into', into]);
    assertSameContent(machine.data, into);
  }
  await assertSound(machine);
});

test('two first calls of init make one set of keys', async () => {
  await using machine = await Machine.create();
  rmSync(machine.state, { recursive: true });
  rmSync(machine.repository, { recursive: true });
  rmSync(join(machine.folder, 'recovery.asc'));
  const both = await Promise.all([machine.call(['init', '--json']), machine.call(['init', '--json'])]);
  // One may have found what the other had begun: it says so, and what it says is that trying again helps.
  for (const { exit, stderr } of both)
    assert.ok(exit === 0 || /again|exists|KEYS_CHANGED/i.test(stderr), `${exit} ${stderr}`);
  await machine.ask(['init']);
  writeFileSync(join(machine.data, 'file'), 'content');
  await machine.ask(['run']);
  await machine.ask(['restore', 'files', '--into', machine.place('restored')]);
  await assertSound(machine);
});

test('a run beside another of the same domain is refused with 75; one that was killed locks nobody out', async () => {
  await using machine = await Machine.create();
  writeFileSync(join(machine.data, 'file'), 'content');
  mkdirSync(join(machine.state, 'scratch'), { recursive: true });
  for (let round = 0; round < 2; round++) {
    const scratch = () => readdirSync(join(machine.state, 'scratch'));
    const before = scratch();
    const first = machine.start(['run', '--stdin', 'endless'], { input: endless() });
    // Its source is opened after the lock was taken.
    await until(first, () => scratch().some((name) => !before.includes(name)));
    const beside = await machine.call(['run', '--json']);
    assertExit(beside, 75);
    assert.equal(runOf(beside).failure?.code, 'BUSY');
    assert.ok(runOf(beside).failure?.hint);
    assert.equal((await first.kill()).signal, 'SIGKILL');
    // Whose process id it was, another process may have by now: the lock does not ask.
    const after = await machine.call(['run', '--json']);
    assertExit(after, 0);
  }
  await assertSound(machine);
});

/** The same machine once more, at another place: its own state folder, a copy; its target the same. */
function cloneState(machine: Machine): string {
  const clone = machine.place('clone');
  cpSync(machine.state, clone, { recursive: true });
  return clone;
}

test('a state folder that was copied: who comes second is told, and what to do; nothing is overwritten', async () => {
  await using machine = await Machine.create();
  writeFileSync(join(machine.data, 'file'), 'one');
  await machine.ask(['run']);
  const env = { HOLDFAST_STATE: cloneState(machine) };
  writeFileSync(join(machine.data, 'file'), 'two');
  const clone = await machine.call(['run', '--json'], { env });
  assertExit(clone, 0);
  assert.deepEqual(runOf(clone).problems, [], 'it cannot know yet');
  const before = [...(await machine.objects('snapshots'))];
  writeFileSync(join(machine.data, 'file'), 'three');
  const second = await machine.call(['run', '--json']);
  assertExit(second, 0);
  const [problem, ...others] = runOf(second).problems;
  assert.deepEqual([problem?.code, others], ['WRITER_SHARED', []]);
  assert.match(problem?.hint ?? '', /copied to another machine.*holdfast init/);
  assert.match(second.stderr, /WRITER_SHARED/);
  const after = await machine.objects('snapshots');
  for (const [key, size] of before) assert.equal(after.get(key), size);
  await assertSound(machine);
});

test('two copies that write at once: one makes its snapshot, the other says who has its keys and makes none', async () => {
  await using machine = await Machine.create();
  const env = { HOLDFAST_STATE: cloneState(machine) };
  // Both have seen the same last snapshot before either of them writes: their streams end when both are open.
  let open = 0;
  const gate = Promise.withResolvers<void>();
  async function* stream(text: string): AsyncGenerator<Uint8Array> {
    yield Buffer.from(text);
    if (++open === 2) gate.resolve();
    await gate.promise;
  }
  const starts = [{}, { env }].map((given, i) =>
    machine.start(['run', '--stdin', 'dump', '--json'], { ...given, input: stream(`${i}`) }),
  );
  const scratch = [machine.state, env.HOLDFAST_STATE].map((state) => join(state, 'scratch'));
  await Promise.all(
    starts.map((child, i) => until(child, () => readdirSync(scratch[i] ?? '', { recursive: true }).length > 0)),
  );
  const ended = await Promise.all(starts.map((child) => child.ended));
  const runs = ended.map(runOf);
  const failed = runs.filter(({ verdict }) => verdict === 'failed');
  assert.deepEqual(
    runs.map(({ verdict }) => verdict).sort(),
    ['failed', 'ok'],
    JSON.stringify(runs.map(({ failure }) => failure)),
  );
  assert.equal(failed[0]?.failure?.code, 'WRITER_SHARED');
  assert.match(failed[0]?.failure?.hint ?? '', /holdfast init/);
  assert.deepEqual(ended.map(({ exit }) => exit).sort(), [0, 77]);
  assert.equal((await machine.objects('snapshots')).size, 1);
  await assertSound(machine);
});
