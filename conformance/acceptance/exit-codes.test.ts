import assert from 'node:assert/strict';
import { appendFile, chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Failure } from '../../agent/contract/index.ts';
import type { RunReport } from '../../agent/engine/run-report.ts';
import { type Given, Machine } from './machine.ts';
import { assertExit, documentOf, type Ended, until } from './program.ts';

let machine: Machine;
before(async () => {
  machine = await Machine.create();
  await mkdir(join(machine.data, 'folder'));
  await writeFile(join(machine.data, 'folder/file'), 'content');
});
after(() => machine[Symbol.asyncDispose]());

interface Document {
  readonly runs?: readonly RunReport[];
  readonly failure?: Failure;
}

/** Runs a verb with `--json`: it ends with `exit`, and stdout is one JSON document and nothing else, whatever happened. */
async function ends(exit: number, args: readonly string[], given: Given = {}): Promise<Ended & { document: Document }> {
  const ended = await machine.call([...args, '--json'], given);
  assertExit(ended, exit);
  assert.ok(ended.stdout.startsWith('{') && ended.stdout.endsWith('}\n'), ended.stdout);
  assert.ok(!ended.stdout.includes('\x1b') && !ended.stderr.includes('\x1b'));
  return { ...ended, document: documentOf<Document>(ended) };
}

function failureOf({ document }: { document: Document }): string | undefined {
  return document.failure?.code ?? document.runs?.[0]?.failure?.code;
}

test('0: every verb that reports', async () => {
  await ends(0, ['validate']);
  await ends(0, ['plan']);
  await ends(0, ['init']);
  await ends(0, ['run']);
  await ends(0, ['snapshots']);
  await ends(0, ['ls', 'files']);
  await ends(0, ['verify']);
  await ends(0, ['keys']);
  await ends(0, ['restore', 'files', '--into', machine.place('zero')]);
});

test('1: the work was begun and failed', async () => {
  const into = machine.place('one');
  await mkdir(into);
  await mkdir(join(into, 'folder'));
  await writeFile(join(into, 'folder/file'), 'mine');
  assert.equal(failureOf(await ends(1, ['restore', 'files', '--into', into])), 'RESTORE_CONFLICT');
  assert.equal(await readFile(join(into, 'folder/file'), 'utf8'), 'mine');
  await rename(machine.data, machine.place('away'));
  const { document, stderr } = await ends(1, ['run']);
  await rename(machine.place('away'), machine.data);
  assert.deepEqual([document.runs?.[0]?.verdict, document.runs?.[0]?.failure?.code], ['failed', 'SOURCE_MISSING']);
  assert.match(stderr, /SOURCE_MISSING/);
});

// Root reads everything: it goes without the capabilities that let it.
const unprivileged: Given =
  process.getuid?.() === 0
    ? { through: ['setpriv', '--bounding-set', '-dac_override,-dac_read_search', '--inh-caps', '-all'] }
    : {};

test('3: done, but for a file that may not be read; the rest is kept', async () => {
  const secret = join(machine.data, 'folder/secret');
  await writeFile(secret, 'nobody reads this', { mode: 0 });
  const { document, stderr } = await ends(3, ['run'], unprivileged);
  const [run] = document.runs ?? [];
  assert.equal(run?.verdict, 'incomplete');
  assert.deepEqual(
    run?.skipped.map(({ what, failure }) => [what, failure.code]),
    [['folder/secret', 'SOURCE_DENIED']],
  );
  assert.match(stderr, /folder\/secret/);
  assert.equal((await machine.snapshots()).at(-1)?.verdict, 'incomplete');
  await chmod(secret, 0o600);
  await rm(secret);
  const into = machine.place('three');
  await ends(0, ['restore', 'files', '--into', into]);
  assert.deepEqual(await readdir(join(into, 'folder')), ['file']);
});

test('64: the command line makes no sense', async () => {
  for (const args of [
    ['rn'],
    ['run', '--nothing'],
    ['restore'],
    ['run', 'no-such-job'],
    ['ls', 'files', '--at', 'ffffffff'],
  ]) {
    await ends(64, args);
  }
});

test('69: the target is not there, and nothing is made in its place', async () => {
  await rename(machine.repository, machine.place('unmounted'));
  try {
    for (const args of [
      ['run'],
      ['snapshots'],
      ['verify'],
      ['keys'],
      ['restore', 'files', '--into', machine.place('x')],
    ]) {
      const ended = await ends(69, args);
      assert.match(ended.stderr, /TARGET_MISSING/, args.join(' '));
    }
    assert.ok(!(await readdir(machine.folder)).includes('repository'));
    // The mount point of a disk that is not mounted is an empty folder.
    await mkdir(machine.repository);
    assert.equal(failureOf(await ends(69, ['run'])), 'NOT_A_REPOSITORY');
    assert.deepEqual(await readdir(machine.repository), []);
    await rm(machine.repository, { recursive: true });
  } finally {
    await rename(machine.place('unmounted'), machine.repository);
  }
});

async function* endless(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('begun');
  await new Promise(() => {});
}

test('75: another run is going on; when it has ended, it works', async () => {
  const first = machine.start(['run', '--stdin', 'endless'], { input: endless() });
  // Its source is opened after the lock was taken.
  await until(first, async () => (await readdir(join(machine.state, 'scratch'))).length > 0);
  const ended = await ends(75, ['run']);
  assert.equal(failureOf(ended), 'BUSY');
  await first.kill();
  await ends(0, ['run']);
});

test('77: no passphrase, a wrong one, no key at all', async () => {
  const restore = ['restore', 'files', '--into', machine.place('y')];
  assert.equal(failureOf(await ends(77, restore, { env: { HOLDFAST_PASSPHRASE: '' } })), 'PASSPHRASE_NEEDED');
  assert.equal(failureOf(await ends(77, restore, { env: { HOLDFAST_PASSPHRASE: 'wrong' } })), 'WRONG_PASSPHRASE');
  assert.equal(failureOf(await ends(77, [...restore, '--key', '/nowhere'])), 'READER_KEY_MISSING');
  const elsewhere = { env: { HOLDFAST_STATE: machine.place('other-state') } };
  assert.equal(failureOf(await ends(77, ['run'], elsewhere)), 'NOT_INITIALISED');
});

test('78: the policy is wrong, or there is none', async () => {
  const text = await readFile(machine.policy, 'utf8');
  await appendFile(machine.policy, 'retension: {}\n');
  for (const verb of ['validate', 'plan', 'run', 'snapshots', 'verify', 'keys', 'init']) await ends(78, [verb]);
  await writeFile(machine.policy, text);
  await ends(78, ['run', '--policy', machine.place('nowhere.yaml')]);
  await ends(0, ['validate']);
});
