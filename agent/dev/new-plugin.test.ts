import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { KINDS } from '../config/registry.ts';
import { templateOf } from './plugin-template.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'holdfast-new-plugin-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** One of the project's scripts, called by somebody who stands in the scratch folder. */
function run(script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const words = ['--conditions=source', 'agent/dev/run.js', script, ...args];
  const own = { PATH: process.env['PATH'], INIT_CWD: scratch, ...env };
  return spawnSync(process.execPath, words, { cwd: root, env: own, encoding: 'utf8' });
}

const make = (...args: string[]) => run('agent/dev/new-plugin.ts', args);

describe('a new plugin passes its suite, its tests and the compiler as it is made', () => {
  for (const kind of KINDS) {
    test(kind, () => {
      const made = make(kind, `my-own-${kind}`, '--into', 'made');
      assert.equal(made.status, 0, made.stderr);
      const folder = join(scratch, 'made', `my-own-${kind}`);
      const files = readdirSync(folder);
      for (const file of [
        'README.md',
        'index.ts',
        'conformance.ts',
        'conformance.test.ts',
        'example.yaml',
        'package.json',
      ]) {
        assert.ok(files.includes(file), `${file} is missing`);
      }
      const texts = files
        .filter((file) => file !== 'node_modules')
        .map((file) => readFileSync(join(folder, file), 'utf8'));
      assert.ok(!/specimen/i.test(`${texts.join()} ${files.join()}`), 'the name of the example is left');
      const tried = run('conformance/runner/main.ts', [folder]);
      assert.equal(tried.status, 0, tried.stdout + tried.stderr);
      assert.match(tried.stdout, new RegExp(`^${kind} my-own-${kind} 0\\.1\\.0$[\\s\\S]*all kept`, 'm'));
      const compiled = spawnSync(process.execPath, [join(root, 'node_modules/typescript/lib/tsc.js'), '-p', folder], {
        encoding: 'utf8',
      });
      assert.equal(compiled.status, 0, compiled.stdout);
      // The tests of the examples are tests of this project; of a copy, that its imports lead somewhere is what can be wrong.
      const own = files.filter((file) => file.endsWith('.test.ts') && file !== 'conformance.test.ts');
      assert.ok(own.length > 0);
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const tests = ['--conditions=source', '--test', ...own.map((file) => join(folder, file))];
      const tested = spawnSync(process.execPath, tests, { cwd: folder, env, encoding: 'utf8' });
      assert.equal(tested.status, 0, tested.stdout);
    });
  }
});

describe('what cannot be made is said, and nothing is written', () => {
  const refused = (why: RegExp, ...args: string[]) => {
    const { status, stderr, stdout } = make(...args);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, why);
  };

  test('kinds and names that there are not', () => {
    refused(/^usage: /);
    refused(/^usage: [\s\S]*source, target, chunker/, 'cutter', 'x');
    refused(/^usage: /, 'codec', 'x', 'y');
    for (const name of ['', 'Name', '7zip', 'a_b', '../x', 'a-', 'a b'])
      refused(/is no name for a plugin/, 'codec', name);
    refused(/Unknown option/, 'codec', 'x', '--in', 'y');
    assert.ok(!existsSync(join(root, 'plugins/codecs/x')));
  });

  test('a folder that is there stays as it is', () => {
    assert.equal(make('codec', 'twice', '--into', 'kept').status, 0);
    const before = readFileSync(join(scratch, 'kept/twice/index.ts'), 'utf8');
    refused(/kept\/twice is there already/, 'chunker', 'twice', '--into', 'kept');
    assert.equal(readFileSync(join(scratch, 'kept/twice/index.ts'), 'utf8'), before);
  });
});

test('npm takes --into for its own when no -- stands before it; it is understood all the same', () => {
  const script = 'agent/dev/new-plugin.ts';
  assert.equal(run(script, ['codec', 'one', 'npm'], { npm_config_into: 'true' }).status, 0);
  assert.equal(run(script, ['codec', 'two'], { npm_config_into: 'npm' }).status, 0);
  assert.deepEqual(readdirSync(join(scratch, 'npm')), ['one', 'two']);
});

test('a plugin that comes with the agent is not listed in a policy', () => {
  const examples = join(root, 'conformance/examples');
  for (const kind of KINDS) {
    const files = templateOf(examples, { kind, name: 'x', builtin: true });
    assert.ok(![...files.values()].some((text) => /^plugins:/m.test(text)), kind);
    assert.match(templateOf(examples, { kind, name: 'x', builtin: false }).get('README.md') ?? '', /^plugins: \[/m);
  }
});

test('codecs of different names begin with different ids, all of them for plugins from outside', () => {
  const ids = ['rot', 'brotli', 'lz4', 'snappy'].map((name) => {
    const files = templateOf(join(root, 'conformance/examples'), { kind: 'codec', name, builtin: false });
    return Number(/id: (\d+),/.exec(files.get('index.ts') ?? '')?.[1]);
  });
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.ok(id >= 128 && id <= 254, `${id}`);
});
