import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { failureOf } from 'holdfast/plugin';
import { tryModule } from './main.ts';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
let root = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'holdfast-runner-'));
});
after(() => rm(root, { recursive: true }));

/** Cuts blocks of a fixed length; `over` replaces parts of it, written in JavaScript. */
function chunker(over: Readonly<Record<string, string>> = {}): string {
  const parts = {
    kind: "'chunker'",
    summary: "'Blocks.'",
    options:
      "{ type: 'object', properties: { size: { type: 'integer', default: 4096, description: 'Bytes.' } }, additionalProperties: false }",
    cut: '(window, end) => window.length >= size ? size : end ? window.length : 0',
    ...over,
  };
  return `export const plugin = {
  kind: ${parts.kind}, name: 'blocks', api: 1, version: '1.0.0', stability: 'stable', summary: ${parts.summary},
  options: ${parts.options},
  create: ({ size }) => ({ maxBytes: size, cut: ${parts.cut} }),
};
`;
}

async function folder(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(join(root, name, file, '..'), { recursive: true });
    await writeFile(join(root, name, file), text);
  }
  return join(root, name);
}

async function tried(name: string, cwd: string): Promise<{ kept: boolean; said: string; broken: string[] }> {
  let said = '';
  const kept = await tryModule(name, cwd, (text) => {
    said += text;
  });
  return { kept, said, broken: [...said.matchAll(/^ {2}✖ (.*)$/gm)].map(([, name = '']) => name) };
}

async function refusal(name: string, cwd: string): Promise<string> {
  try {
    await tried(name, cwd);
  } catch (thrown) {
    const { code, message, hint } = failureOf(thrown, { code: '', origin: 'agent' });
    return `${code} ${message} ${hint ?? ''}`;
  }
  return assert.fail('it was accepted');
}

const HARNESS = 'export const harness = { options: { size: 512 }, contentDefined: false };';

describe('the suite of the kind that a module exports', () => {
  test('is run with the harness beside it, whether it is named as a file, a folder or a package', async () => {
    const files = { 'index.js': chunker(), 'conformance.js': HARNESS, 'package.json': '{ "type": "module" }' };
    const here = await folder('named', {
      ...files,
      'node_modules/@own/blocks/package.json': '{ "name": "@own/blocks", "type": "module", "exports": "./main.js" }',
      'node_modules/@own/blocks/main.js': chunker(),
      'node_modules/@own/blocks/conformance.js': HARNESS,
    });
    for (const name of ['index.js', '.', here, '@own/blocks']) {
      const { kept, said } = await tried(name, here);
      assert.ok(kept, said);
      assert.match(said, /^chunker blocks 1\.0\.0$/m);
      assert.match(said, /– follows its key/);
      assert.match(said, /9 obligations, all kept/);
    }
  });

  test('shows the beginning of what was found, not all of it', async () => {
    const lines = "'x'.repeat(1000) + '\\n'.concat('y\\n'.repeat(100))";
    const cut = `() => { throw new Error(${lines}) }`;
    const here = await folder('lengthy', { 'blocks.mjs': chunker({ cut }) });
    const { said } = await tried('blocks.mjs', here);
    assert.ok(Math.max(...said.split('\n').map((line) => line.length)) < 200);
    assert.match(said, /… 85 lines more/);
  });

  test('supposes default options and the stricter obligations of a stage without a harness', async () => {
    const here = await folder('without', { 'blocks.mjs': chunker() });
    assert.deepEqual((await tried('blocks.mjs', here)).broken, ['finds back after an insertion', 'follows its key']);
  });

  test('names the one obligation that a broken plugin does not keep, with the words of the contract', async () => {
    const broken: Readonly<Record<string, string>> = {
      'describes itself': chunker({ summary: "''" }),
      'leaves the window alone': chunker({
        cut: '(window, end) => { if (window.length === 3 * size) window[0] ^= 1; return window.length >= size ? size : end ? window.length : 0; }',
      }),
      'takes any window': chunker({ cut: '(window, end) => Math.min(size, window.length)' }),
    };
    for (const [index, [name, text]] of Object.entries(broken).entries()) {
      const here = await folder(`broken-${index}`, { 'index.mjs': text, 'conformance.mjs': HARNESS });
      const { kept, said, broken } = await tried('index.mjs', here);
      assert.deepEqual({ kept, broken }, { kept: false, broken: [name] }, said);
      assert.match(said, /the contract: \S.*\.$/m);
      assert.match(said, /1 broken$/m);
    }
  });

  test('is not run on what is no module, no plugin, or cannot be tried', async () => {
    const needy = "{ type: 'object', required: ['size'], properties: { size: { type: 'integer', description: 'x' } } }";
    const here = await folder('refused', {
      'empty.mjs': 'export {};',
      'throws.mjs': 'throw new Error("no luck");',
      'lonely.mjs': "import 'typebox';",
      'kind.mjs': chunker({ kind: "'cutter'" }),
      'source.mjs': chunker({ kind: "'source'" }),
      'needy.mjs': chunker({ options: needy }),
      'odd/index.js': 'export const plugin = { kind: "codec", options: {} };',
      'odd/package.json': '{ "type": "module" }',
      'odd/conformance.js': 'export const harnes = {};',
    });
    assert.match(await refusal('absent', here), /^MODULE_MISSING there is no module absent/);
    assert.match(await refusal('throws.mjs', here), /^MODULE_BROKEN .*no luck/);
    assert.match(await refusal('lonely.mjs', here), /^MODULE_BROKEN .*npm install typebox, in /);
    assert.match(await refusal('empty.mjs', here), /^PLUGIN_INVALID/);
    assert.match(await refusal('kind.mjs', here), /^PLUGIN_INVALID/);
    assert.match(await refusal('source.mjs', here), /^HARNESS_INVALID .*: system, place, absent .*SourceHarness/);
    assert.match(await refusal('needy.mjs', here), /^HARNESS_INVALID .*: options/);
    assert.match(await refusal('odd', here), /^HARNESS_INVALID .*no export "harness"/);
  });
});

test('the command tells by its exit code; stdout has what was found, stderr what could not be tried', async () => {
  const run = (...names: string[]) => {
    const script = ['--conditions=source', 'agent/dev/run.js', 'conformance/runner/main.ts', ...names];
    const env = { PATH: process.env['PATH'], INIT_CWD: join(checkout, 'conformance/examples') };
    return spawnSync(process.execPath, script, { cwd: checkout, env, encoding: 'utf8' });
  };
  const good = run('codec', 'check/index.ts');
  assert.equal(good.status, 0, good.stderr);
  assert.match(good.stdout, /codec specimen[\s\S]*all kept[\s\S]*check specimen[\s\S]*all kept/);
  const mixed = run('nowhere', 'codec');
  assert.equal(mixed.status, 1);
  assert.match(mixed.stderr, /✖ there is no module nowhere/);
  assert.match(mixed.stdout, /all kept/);
  assert.equal(run().status, 1);
});
