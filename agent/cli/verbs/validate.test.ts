import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { holdfast as inChild } from '../child.fixture.ts';

const RIGHT = `version: 1
recipients: { ops: { publicKey: ops.asc } }
targets: { local: { type: local, path: /backup } }
sources: { app: { type: files, paths: [/srv] } }
jobs: { app: { source: app, targets: [local] } }
`;
const POLICIES = {
  right: RIGHT,
  wrong: `${RIGHT}retension: {} # ::error::carried out\n`,
  idle: RIGHT.replace(/jobs: .*/, 'jobs: {}').replace(/sources: .*/, ''),
  noted: `${RIGHT}retention: { audit: {} }\n`,
};

let root = '';
before(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'holdfast-validate-')));
  await mkdir(path.join(root, '.git'));
  for (const [name, text] of Object.entries(POLICIES)) {
    await mkdir(path.join(root, name));
    await writeFile(path.join(root, name, 'holdfast.yaml'), text);
  }
});
after(() => rm(root, { recursive: true }));

function validate(policy: keyof typeof POLICIES, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return inChild(['validate', '--policy', policy, ...args], { cwd: root, env });
}

test('--json is --format json', () => {
  const [short, long] = [validate('wrong', ['--json']), validate('wrong', ['--format', 'json'])];
  assert.deepEqual([short.stdout, short.exit], [long.stdout, 78]);
  assert.deepEqual(Object.keys(JSON.parse(short.stdout)), ['valid', 'files', 'diagnostics']);
  assert.equal(validate('wrong', ['--json', '--format', 'json']).stdout, short.stdout);
});

test('--json and another format, and a format that there is not, are exit 64', () => {
  const both = validate('wrong', ['--json', '--format', 'sarif']);
  assert.deepEqual([both.exit, JSON.parse(both.stdout).failure.code], [64, 'USAGE']);
  const unknown = validate('wrong', ['--format', 'xml']);
  assert.equal(unknown.exit, 64);
  assert.match(unknown.stderr, /text, json, github, sarif, junit/);
});

const OUTPUT: readonly (readonly [format: string, right: RegExp, wrong: RegExp])[] = [
  ['text', /^✔ right\/holdfast\.yaml/, /^wrong\/holdfast\.yaml:6:1: error\[HF2001\]/],
  ['sarif', /"results": \[\]/, /"uri": "wrong\/holdfast\.yaml"/],
  ['junit', /failures="0"/, /failures="1"/],
  ['github', /^✔ right\/holdfast\.yaml/, /^::error file=wrong\/holdfast\.yaml,line=6,/m],
];
for (const [format, right, wrong] of OUTPUT) {
  test(`--format ${format}: the exit code is that of the policy, stdout has the format and nothing else`, () => {
    const good = validate('right', ['--format', format]);
    assert.deepEqual([good.exit, right.test(good.stdout)], [0, true], good.stdout + good.stderr);
    const bad = validate('wrong', ['--format', format]);
    assert.deepEqual([bad.exit, wrong.test(bad.stdout), bad.stderr], [78, true, ''], bad.stdout);
  });
}

test('--strict: a warning fails, a note does not', () => {
  for (const format of ['text', 'junit']) {
    assert.equal(validate('idle', ['--format', format]).exit, 0);
    assert.equal(validate('idle', ['--strict', '--format', format]).exit, 78);
    assert.equal(validate('noted', ['--strict', '--format', format]).exit, 0);
  }
  assert.equal(JSON.parse(validate('idle', ['--json']).stdout).valid, true);
  assert.equal(JSON.parse(validate('idle', ['--strict', '--json']).stdout).valid, false);
  assert.equal(
    JSON.parse(validate('idle', ['--strict', '--format', 'sarif']).stdout).runs[0].invocations[0].exitCode,
    78,
  );
});

test('in GitHub Actions people and GitHub are told, and the summary is added to', async () => {
  const summary = path.join(root, 'summary.md');
  await writeFile(summary, 'before\n');
  const env = { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: root, GITHUB_STEP_SUMMARY: summary };
  const { exit, stdout, stderr } = validate('wrong', [], env);
  assert.deepEqual([exit, stderr], [78, '']);
  const [, stop = '', text = '', commands = ''] =
    /^::stop-commands::(\w+)\n([\s\S]*)\n::\1::\n([\s\S]*)$/.exec(stdout) ?? [];
  assert.ok(stop, stdout);
  assert.match(text, /6 │ retension: \{\} # ::error::carried out/);
  assert.match(
    commands,
    /^::error file=wrong\/holdfast\.yaml,line=6,endLine=6,col=1,endColumn=9,title=HF2001 [^:]+::.*\n$/,
  );
  assert.match(await readFile(summary, 'utf8'), /^before\n### ❌ Holdfast: .*\n[\s\S]*\| error \| .* HF2001 /);
});

test('in GitHub Actions too, a format that was asked for is what there is', async () => {
  const summary = path.join(root, 'untouched.md');
  const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary };
  assert.equal(validate('wrong', ['--json'], env).stdout, validate('wrong', ['--json']).stdout);
  assert.equal(validate('wrong', ['--format', 'junit'], env).stdout, validate('wrong', ['--format', 'junit']).stdout);
  const text = validate('wrong', ['--format', 'text'], env).stdout;
  assert.match(text, /^::stop-commands::\w+\n[\s\S]*\n::\w+::\n$/, 'the text is not carried out');
  await assert.rejects(readFile(summary), { code: 'ENOENT' });
});

test('a summary that cannot be written is said, and changes nothing else', () => {
  const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: path.join(root, 'no/such/folder.md') };
  const { exit, stdout, stderr } = validate('wrong', [], env);
  assert.equal(exit, 78);
  assert.match(stdout, /^::error file=/m);
  assert.match(stderr, /summary of the job could not be written: ENOENT/);
});

test('a policy that is not there is told in every format', () => {
  for (const format of ['text', 'json', 'github', 'sarif', 'junit']) {
    const { exit, stdout } = inChild(['validate', '--policy', 'nowhere.yaml', '--format', format], { cwd: root });
    assert.equal(exit, 78);
    assert.match(stdout, /HF1001/);
  }
});
