/** A user who is not root, on what others own. Root's own powers are given up by setpriv; elsewhere the tests run as they are. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Failure } from '../../agent/contract/index.ts';
import type { RunReport } from '../../agent/engine/run-report.ts';
import { type Given, Machine } from '../acceptance/machine.ts';
import { assertExit, documentOf, type Ended } from '../acceptance/program.ts';
import { NOBODY, Nobody } from './nobody.ts';

const isRoot = process.getuid?.() === 0;

let machine: Machine;
let other: Nobody | undefined;
let nobody: Given = {};

before(async () => {
  machine = await Machine.create();
  mkdirSync(join(machine.data, 'closed'));
  mkdirSync(join(machine.data, 'open'));
  for (const name of ['closed/hidden', 'open/secret', 'open/kept', 'file'])
    writeFileSync(join(machine.data, name), name);
  if (!isRoot) return;
  other = new Nobody();
  nobody = { through: other.through() };
  giveAway(machine.folder);
  chmodSync(machine.folder, 0o755);
});
after(async () => {
  await machine[Symbol.asyncDispose]();
  other?.[Symbol.dispose]();
});

function giveAway(folder: string): void {
  const { status } = spawnSync('chown', ['-R', `${NOBODY}:${NOBODY}`, folder]);
  assert.equal(status, 0);
}

function failureOf(ended: Ended): Failure | undefined {
  const { runs, failure } = documentOf<{ runs?: readonly RunReport[]; failure?: Failure }>(ended);
  return failure ?? runs?.[0]?.failure;
}

/** Ends with this exit and code, in words, with a hint. */
async function ends(exit: number, code: string, args: readonly string[], given: Given = {}): Promise<void> {
  const ended = await machine.call([...args, '--json'], { ...nobody, ...given });
  assertExit(ended, exit);
  assert.equal(failureOf(ended)?.code, code, ended.stderr);
  assert.match(ended.stderr, /hint/);
}

test('files and folders that may not be read are named, their siblings stored, exit 3', async () => {
  chmodSync(join(machine.data, 'closed'), 0);
  chmodSync(join(machine.data, 'open/secret'), 0);
  const ended = await machine.call(['run', '--json'], nobody);
  chmodSync(join(machine.data, 'closed'), 0o755);
  chmodSync(join(machine.data, 'open/secret'), 0o644);
  assertExit(ended, 3);
  const [run] = documentOf<{ runs: readonly RunReport[] }>(ended).runs;
  assert.deepEqual(run?.skipped.map(({ what, failure }) => [what, failure.code]).sort(), [
    ['closed', 'SOURCE_DENIED'],
    ['open/secret', 'SOURCE_DENIED'],
  ]);
  for (const { failure } of run?.skipped ?? []) assert.ok(failure.hint);
  const into = machine.place('restored');
  const restored = await machine.call(['restore', 'files', '--into', into, '--json'], nobody);
  assertExit(restored, 0);
  assert.deepEqual(readdirSync(into).sort(), ['closed', 'file', 'open']);
  assert.deepEqual(readdirSync(join(into, 'open')), ['kept']);
});

test('a folder that may not be written to: nothing is restored, exit 77', async () => {
  const into = machine.place('shut');
  mkdirSync(into, { mode: 0o555 });
  await ends(77, 'RESTORE_DENIED', ['restore', 'files', '--into', join(into, 'below')]);
  assert.deepEqual(readdirSync(into), []);
});

test('a state folder that may not be read, or not be written to: exit 77', async () => {
  for (const mode of [0, 0o500]) {
    chmodSync(machine.state, mode);
    const ended = await machine.call(['run', '--json'], nobody);
    chmodSync(machine.state, 0o700);
    assertExit(ended, 77);
    assert.equal(failureOf(ended)?.code, 'STATE_DENIED');
    assert.ok(failureOf(ended)?.hint);
  }
  if (!isRoot) return;
  chownSync(machine.state, 0, 0);
  const ended = await machine.call(['run', '--json'], nobody);
  chownSync(machine.state, NOBODY, NOBODY);
  assertExit(ended, 77);
});

test('a repository of another user: exit 77, and what to do', async () => {
  for (const mode of [0, 0o500]) {
    chmodSync(join(machine.repository, 'snapshots'), mode);
    chmodSync(join(machine.repository, 'tmp'), mode);
    writeFileSync(join(machine.data, 'file'), `new ${mode}`);
    const before = (await machine.objects('packs')).size;
    await ends(77, 'TARGET_DENIED', ['run']);
    chmodSync(join(machine.repository, 'snapshots'), 0o700);
    chmodSync(join(machine.repository, 'tmp'), 0o700);
    assert.equal((await machine.objects('packs')).size, before);
  }
});

test('a recovery key that others can read opens, and it is said that they can', async () => {
  const key = join(machine.state, 'recovery-key.asc');
  const args = ['restore', 'files', '--into'];
  chmodSync(key, 0o644);
  const exposed = await machine.call([...args, machine.place('exposed')], nobody);
  assertExit(exposed, 0);
  assert.match(exposed.stderr, /recovery-key\.asc.*others.*chmod 600/s);
  chmodSync(key, 0o600);
  const ended = await machine.call([...args, machine.place('guarded')], nobody);
  assertExit(ended, 0);
  assert.doesNotMatch(ended.stderr, /chmod/);
  assert.equal(readFileSync(join(machine.place('exposed'), 'open/kept'), 'utf8'), 'open/kept');
});
