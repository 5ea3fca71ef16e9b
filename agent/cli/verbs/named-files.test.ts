import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { holdfast } from '../child.fixture.ts';

/*
 * Every file that a command line can name, with what it can turn out to be: each is a failure that says so, by the exit code that the
 * help promises, in one document for programs; never the trace of a program that fell over, nor all memory of the machine.
 */
let root = '';
let code = '';

before(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'holdfast-named-'));
  const data = path.join(root, 'data');
  await mkdir(data);
  await writeFile(path.join(data, 'letter'), 'Dear reader');
  await writeFile(path.join(root, 'junk'), 'junk\n', { mode: 0o600 });
  await writeFile(path.join(root, 'junk.sig'), 'junk\n');
  assert.equal(call(['init', '--yes', '--protect', data]).exit, 0);
  assert.equal(call(['run']).exit, 0);
  code = JSON.parse(call(['keys', '--json']).stdout).writers[0].code;
  assert.equal(call(['keys', 'request', code, '--output', 'statement']).exit, 0);
  await writeFile(path.join(root, 'statement.sig'), 'junk\n');
});
after(() => rm(root, { recursive: true }));

function call(args: readonly string[]) {
  return holdfast(args, { cwd: root });
}

/** What is named: nothing, a folder, something else, and what never ends. */
const NAMED = ['nothing', 'data', 'junk', '/dev/zero'] as const;
type Exits = readonly [nothing: number, folder: number, junk: number, endless: number];

const KEY: Exits = [77, 77, 77, 77];
const PASSPHRASE: Exits = [77, 77, 77, 77];
const POLICY: Exits = [78, 78, 78, 78];

const CASES: readonly (readonly [exits: Exits, args: (file: string) => readonly string[]])[] = [
  [[64, 64, 77, 77], (file) => ['keys', 'approve', code, '--signature', file, '--statement', 'statement']],
  [[64, 64, 77, 77], (file) => ['keys', 'approve', code, '--signature', 'statement.sig', '--statement', file]],
  [[64, 64, 64, 64], (file) => ['keys', 'approve', code, '--signature', file]],
  [[0, 64, 64, 64], (file) => ['keys', 'request', code, '--output', file]],
  [POLICY, (file) => ['--policy', file, 'validate']],
  [POLICY, (file) => ['--policy', file, 'run']],
  [POLICY, (file) => ['plan', '--diff', file]],
  ...[
    // All that read ask for them in one way.
    ['ls', 'files'],
    ['verify', '--level', 'decrypt'],
  ].flatMap((verb): readonly (readonly [Exits, (file: string) => readonly string[]])[] => [
    [KEY, (file) => [...verb, '--key', file]],
    [PASSPHRASE, (file) => [...verb, '--passphrase-file', file]],
  ]),
];

for (const [exits, args] of CASES) {
  test(`${args('<file>')
    .map((word) => word ?? '<code>')
    .join(' ')}: nothing there, a folder, junk, /dev/zero`, () => {
    for (const [at, file] of NAMED.entries()) {
      const { exit, stdout, stderr } = call([...args(file), '--json']);
      assert.equal(exit, exits[at], `${file}: ${stderr}`);
      assert.doesNotMatch(stderr, /UNFORESEEN|^ {4}at .*:\d+:\d+\)?$/m, file);
      assert.equal(typeof JSON.parse(stdout), 'object', file);
      // What `validate` finds is what it was asked for, in its document.
      if (exit !== 0) assert.match(`${stderr}${stdout}`, /✖|"HF\d{4}"/, file);
    }
  });
}

test('init with a policy where nobody may write, root neither, says so and what to do', () => {
  for (const file of ['/proc/holdfast.yaml', '/proc/below/holdfast.yaml', path.join(root, 'junk', 'holdfast.yaml')]) {
    const state = path.join(root, 'other-state');
    const { exit, stderr } = call(['init', '--yes', '--protect', 'data', '--state', state, '--policy', file]);
    assert.equal(exit, 77, stderr);
    assert.match(stderr, /cannot be written: E\w+/);
    assert.match(stderr, /POLICY_DENIED/);
    assert.match(stderr, /hint .*--policy <file>/);
  }
});
