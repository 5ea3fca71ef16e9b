import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { loadOutsidePlugins } from './outside-plugins.ts';
import { importModule } from './plugin-module.ts';

const builtin = builtinPlugins();
let root = '';
before(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'holdfast-outside-')));
});
after(() => rm(root, { recursive: true }));

/** A codec in JavaScript that imports nothing, as source text; `over` replaces fields, written in JavaScript. */
function codec(over: Readonly<Record<string, string>> = {}): string {
  const fields = {
    kind: "'codec'",
    name: "'plain'",
    api: '1',
    version: "'1.2.3'",
    stability: "'stable'",
    summary: "'Nothing.'",
    id: '200',
    options: "{ type: 'object', properties: {}, additionalProperties: false }",
    create: '() => ({ encode: (frame) => frame, decode: (frame) => frame })',
    ...over,
  };
  return `export const plugin = { ${Object.entries(fields).map(([name, value]) => `${name}: ${value}`)} };\n`;
}

async function folder(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name, file)), { recursive: true });
    await writeFile(path.join(root, name, file), text);
  }
  return path.join(root, name);
}

async function load(folder: string, ...names: string[]) {
  const modules = names.map((name, index) => ({ name, path: ['plugins', index], folder }));
  return loadOutsidePlugins(modules, builtin);
}

/** What is said of modules named in a folder with these files. */
async function told(name: string, files: Readonly<Record<string, string>>, ...names: string[]): Promise<string[]> {
  const { problems } = await load(await folder(name, files), ...names);
  return problems.map(({ code, message }) => `${code} ${message}`);
}

describe('plugins from outside', () => {
  test('are files and packages, found from the folder of the policy', async () => {
    const here = await folder('found', {
      'a.ts': codec({ name: "'a'" }),
      'with space #1/b.mjs': codec({ name: "'b'", id: '201' }),
      'node_modules/@own/c/package.json': JSON.stringify({
        name: '@own/c',
        exports: { '.': { source: './c.ts', import: './c.js', require: './c.cjs' }, './more': './more.js' },
        type: 'module',
      }),
      'node_modules/@own/c/c.js': codec({ name: "'c'", id: '202' }),
      'node_modules/@own/c/c.cjs': 'throw new Error("this is for require()");',
      'node_modules/@own/c/more.js': codec({ name: "'more'", id: '203' }),
    });
    const { registry, problems } = await load(
      here,
      './a.ts',
      path.join(here, 'with space #1/b.mjs'),
      '@own/c',
      '@own/c/more',
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(registry.names('codec'), ['a', 'b', 'c', 'gzip', 'more', 'none', 'zstd']);
    assert.equal(registry.module('codec', 'c'), `file://${here}/node_modules/@own/c/c.js`);
    assert.equal(registry.get('codec', 'a')?.version, '1.2.3');
    assert.deepEqual(builtin.names('codec'), ['gzip', 'none', 'zstd'], 'the registry that was given stays as it was');
  });

  test('that cannot be loaded are told, each at its place, and do not keep others from loading', async () => {
    const here = await folder('unloadable', {
      'throws.ts': 'throw new Error("no luck\\nand more");',
      'syntax.mjs': '\n\nexport const = 1;',
      'lonely.mjs': "import 'holdfast-absent';",
      'good.ts': codec(),
      'folder/index.ts': codec(),
    });
    const names = ['./absent.ts', './throws.ts', './syntax.mjs', './lonely.mjs', './good.ts', './folder', 'absent'];
    const { registry, problems } = await load(here, ...names, 'good.ts', 'fs', 'https://x.example/a.js');
    assert.ok(registry.names('codec').includes('plain'));
    const said = problems.map(({ code, path: [, at], message, suggestion, hint }) => [
      code,
      at,
      message,
      suggestion ?? hint,
    ]);
    assert.ok(problems.every(({ code, on }) => code === 'HF2015' && on === 'value'));
    const expected: readonly (readonly [number, RegExp, string | RegExp | undefined])[] = [
      [0, /absent\.ts cannot be loaded: there is no file /, undefined],
      [1, /throws\.ts cannot be loaded: no luck$/, undefined],
      [2, /syntax\.mjs cannot be loaded: Unexpected token/, `node ${here}/syntax.mjs shows the line`],
      [3, /Cannot find package 'holdfast-absent'/, `npm install holdfast-absent, in ${here}`],
      [5, /it is no file/, './folder/index.ts'],
      [6, /Cannot find package 'absent'$/, `npm install absent, in ${here}`],
      [7, /no package of this name/, './good.ts'],
      [8, /part of Node/, /path/],
      [9, /neither a path nor the name of a package/, /begin with/],
    ];
    assert.equal(said.length, expected.length, JSON.stringify(said, null, 1));
    for (const [index, [at, message, advice]] of expected.entries()) {
      assert.equal(said[index]?.[1], at);
      assert.match(String(said[index]?.[2]), message);
      if (advice instanceof RegExp) assert.match(String(said[index]?.[3]), advice);
      else assert.equal(said[index]?.[3], advice);
    }
  });

  test('that never finish loading are given up', async () => {
    const here = await folder('endless', { 'endless.mjs': 'await new Promise(() => {});' });
    const result = await importModule(`file://${here}/endless.mjs`, './endless.mjs', 5);
    assert.ok('code' in result && result.code === 'HF2015' && /did not load within/.test(result.message));
  });

  test('that are no plugins of this contract are told why', async () => {
    const cases: Readonly<Record<string, readonly [text: string, why: RegExp]>> = {
      'empty.ts': ['export {};', /has no export "plugin"$/],
      'default.ts': ['export default {};', /it exports: default/],
      'null.ts': ['export const plugin = null;', /has no export "plugin"/],
      'api.ts': [codec({ api: '2' }), /written for version 2 of the contract; this agent has version 1/],
      'no-api.ts': [codec({ api: 'undefined' }), /names no contract/],
      'kind.ts': [codec({ kind: "'compressor'" }), /no known kind/],
      'name.ts': [codec({ name: '5' }), /"name" is no text/],
      'odd.ts': [codec({ name: "'../x'" }), /must have a name of a-z/],
      'version.ts': [codec({ version: "'new'" }), /"version" is not like 1\.0\.0/],
      'options.ts': [codec({ options: 'undefined' }), /"options" are no schema/],
      'text.ts': [codec({ options: "{ type: 'string' }" }), /must have options that are an object/],
      'reserved.ts': [codec({ options: '{ properties: { algorithm: {} } }' }), /"algorithm", which is the agent's/],
      'pattern.ts': [codec({ options: "{ properties: { a: { pattern: '(' } } }" }), /no JSON Schema/],
      'create.ts': [codec({ create: 'undefined' }), /codec without create\(\)/],
      'low.ts': [codec({ id: '127' }), /id 127; those from outside take one from 128 to 254/],
      'high.ts': [codec({ id: '255' }), /id 255/],
      'half.ts': [codec({ id: '200.5' }), /id 200\.5/],
      'can.ts': [codec({ kind: "'source'", open: '() => 1' }), /does not say what it "can"/],
    };
    const here = await folder(
      'no-plugins',
      Object.fromEntries(Object.entries(cases).map(([file, [text]]) => [file, text])),
    );
    for (const [file, [, why]] of Object.entries(cases)) {
      const { problems, registry } = await load(here, `./${file}`);
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['HF2016'],
        file,
      );
      assert.match(problems[0]?.message ?? '', why);
      assert.deepEqual(registry.names('codec'), builtin.names('codec'), file);
    }
  });

  test('that cannot be told apart from others are refused; the first stays', async () => {
    const files = {
      'a.ts': codec(),
      'b.ts': codec({ id: '201' }),
      'c.ts': codec({ name: "'c'" }),
      'd.ts': codec({ name: "'zstd'" }),
    };
    assert.deepEqual(await told('clash', files, './a.ts', './b.ts', './c.ts', './d.ts', './a.ts'), [
      'HF2017 ./b.ts exports a codec "plain", and one of that name comes from ./a.ts',
      'HF2017 ./c.ts exports a codec with the id 200, and codec "plain" with that id comes from ./a.ts',
      'HF2017 ./d.ts exports a codec "zstd", and one of that name is built in',
      'HF2017 ./a.ts exports a codec "plain", and one of that name comes from ./a.ts',
    ]);
  });

  test('that others could change are not run', async () => {
    const here = await folder('open', { 'open.ts': `${codec()} globalThis.ranOpenPlugin = true;` });
    await chmod(path.join(here, 'open.ts'), 0o646);
    const { problems } = await load(here, './open.ts');
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['HF2018'],
    );
    assert.match(
      problems[0]?.message ?? '',
      /open\.ts could be changed by other users: .*open\.ts can be written to by everybody/,
    );
    assert.match(problems[0]?.hint ?? '', /chmod go-w/);
    assert.ok(!('ranOpenPlugin' in globalThis));
  });
});
