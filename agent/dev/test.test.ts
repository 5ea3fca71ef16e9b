import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'holdfast-test-runner-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A project with nothing but the test runner and the given files. */
function project(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(scratch, name);
  mkdirSync(join(folder, 'agent/dev'), { recursive: true });
  for (const file of ['package.json', 'agent/dev/run.js', 'agent/dev/test.ts', 'agent/dev/quick-threads.ts'])
    cpSync(join(root, file), join(folder, file));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

function runner(folder: string, args: readonly string[], o: { ci?: boolean; node?: readonly string[] } = {}) {
  const { NODE_TEST_CONTEXT: _, INIT_CWD: __, CI: ___, ...env } = process.env;
  const done = spawnSync(process.execPath, [...(o.node ?? []), 'agent/dev/run.js', 'agent/dev/test.ts', ...args], {
    cwd: folder,
    env: { ...env, ...(o.ci === true ? { CI: 'true' } : {}) },
    encoding: 'utf8',
  });
  return { status: done.status, stdout: done.stdout, stderr: done.stderr };
}

const imports = "import assert from 'node:assert/strict';\nimport { test } from 'node:test';\n";
const passing = `${imports}test('holds', () => assert.equal(1, 1));\n`;

test('passing tests are green, also with skips forbidden', () => {
  const folder = project('passing', { 'agent/a.test.ts': passing });
  assert.equal(runner(folder, []).status, 0);
  assert.equal(runner(folder, [], { ci: true }).status, 0);
});

test('a failing test is red and named', () => {
  const folder = project('failing', { 'agent/a.test.ts': `${imports}test('breaks', () => assert.equal(1, 2));\n` });
  const { status, stderr } = runner(folder, []);
  assert.equal(status, 1);
  assert.match(stderr, /failed: breaks \(agent\/a\.test\.ts\)/);
});

test('a skipped test is red where skips are forbidden, and named', () => {
  const skips = `${passing}test.skip('later', () => {});\ntest('asks', (t) => t.skip('no server'));\n`;
  const folder = project('skipping', { 'agent/a.test.ts': skips });
  assert.equal(runner(folder, []).status, 0);
  for (const { status, stderr } of [runner(folder, [], { ci: true }), runner(folder, ['--forbid-skips'])]) {
    assert.equal(status, 1);
    assert.match(stderr, /skipped: later \(agent\/a\.test\.ts\)/);
    assert.match(stderr, /skipped: asks/);
  }
});

test('a failing todo is red everywhere, any todo where skips are forbidden', () => {
  const folder = project('todo', { 'agent/a.test.ts': `${passing}test.todo('one day', () => {});\n` });
  assert.equal(runner(folder, []).status, 0);
  assert.match(runner(folder, [], { ci: true }).stderr, /still to do: one day/);
  writeFileSync(join(folder, 'agent/b.test.ts'), `${imports}test.todo('broken', () => assert.fail());\n`);
  const { status, stderr } = runner(folder, []);
  assert.equal(status, 1);
  assert.match(stderr, /to do, and failing: broken \(agent\/b\.test\.ts\)/);
});

test('no tests at all, an empty file and a file that ends early are red', () => {
  assert.equal(runner(project('nothing', {}), []).status, 1);
  const folder = project('empty', { 'agent/a.test.ts': passing, 'agent/empty.test.ts': 'export {};\n' });
  writeFileSync(join(folder, 'agent/early.test.ts'), `${passing}process.exit(0);\n`);
  const { status, stderr } = runner(folder, []);
  assert.equal(status, 1);
  assert.match(stderr, /no tests.*: agent\/empty\.test\.ts/);
  assert.match(stderr, /no tests.*: agent\/early\.test\.ts/);
  assert.doesNotMatch(stderr, /a\.test\.ts/);
});

test('a file or a folder can be chosen; a name that stands for nothing is an error', () => {
  const folder = project('chosen', { 'agent/a.test.ts': passing });
  mkdirSync(join(folder, 'plugins/x'), { recursive: true });
  writeFileSync(join(folder, 'plugins/x/b.test.ts'), `${imports}test('breaks', () => assert.fail());\n`);
  assert.equal(runner(folder, ['agent/a.test.ts']).status, 0);
  assert.equal(runner(folder, ['agent']).status, 0);
  assert.equal(runner(folder, ['plugins']).status, 1);
  const { status, stderr } = runner(folder, ['agent', 'plugins/y']);
  assert.equal(status, 1);
  assert.match(stderr, /no test files at plugins\/y/);
});

test("the user's own settings do not reach the tests", () => {
  const asks = `${imports}test('clean', () => assert.equal(process.env.HOLDFAST_STATE ?? process.env.OTEL_SDK_DISABLED, undefined));\n`;
  const folder = project('clean', { 'agent/a.test.ts': asks });
  process.env['HOLDFAST_STATE'] = '/nowhere';
  process.env['OTEL_SDK_DISABLED'] = 'true';
  try {
    assert.equal(runner(folder, []).status, 0);
  } finally {
    delete process.env['HOLDFAST_STATE'];
    delete process.env['OTEL_SDK_DISABLED'];
  }
});

test('an old Node, or a checkout without dependencies, is said first and in words', () => {
  const folder = project('old', { 'agent/a.test.ts': passing });
  const pretend = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.5' } })";
  const { status, stdout, stderr } = runner(folder, [], {
    node: ['--import', `data:text/javascript,${encodeURI(pretend)}`],
  });
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /^Holdfast needs Node 24 or newer; this is Node 20\.19\.5\./);
  rmSync(join(folder, 'node_modules'));
  assert.match(runner(folder, []).stderr, /^The dependencies are not installed\. Run: npm ci\n$/);
});
