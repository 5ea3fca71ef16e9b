import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'holdfast-package-'));
const checkout = join(scratch, 'checkout');
const user = join(scratch, 'user');
const installed = join(user, 'node_modules/holdfast');
after(() => rmSync(scratch, { recursive: true, force: true }));

/** As a user's own shell: this Node first on PATH, nothing of the npm script that runs the tests. */
function shell(folder: string, command: string, args: readonly string[], input = ''): SpawnSyncReturns<string> {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|NODE_(?!EXTRA_CA_CERTS$)|INIT_CWD$|HOLDFAST_)/i.test(name),
  );
  const PATH = `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`;
  const env = { ...Object.fromEntries(own), PATH, HOLDFAST_STATE: join(scratch, 'state'), NO_COLOR: '1' };
  return spawnSync(command, args, { cwd: folder, env, encoding: 'utf8', input });
}

function succeed(folder: string, command: string, args: readonly string[], input?: string): string {
  const { status, stdout, stderr, error } = shell(folder, command, args, input);
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${error ?? ''}\n${stdout}\n${stderr}`);
  return stdout;
}

const holdfast = (...args: readonly string[]) => succeed(user, 'npx', ['holdfast', ...args]);

before(() => {
  mkdirSync(checkout);
  mkdirSync(user);
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: readonly string[] };
  const built = [
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'README.md',
    'LICENSE',
    'agent',
    'plugins',
    'conformance',
  ];
  for (const path of new Set([...built, ...files.filter((path) => path !== 'dist')])) {
    if (existsSync(join(root, path))) cpSync(join(root, path), join(checkout, path), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
  const packed = succeed(checkout, 'npm', ['pack', '--silent', '--pack-destination', user]);
  writeFileSync(join(user, 'package.json'), '{ "name": "user", "type": "module", "private": true }\n');
  const tarball = packed.trim().split('\n').at(-1) ?? '';
  succeed(user, 'npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`]);
});

test('the package holds what is run and read, and no sources, tests or tools', () => {
  const names = spawnSync('find', ['-L', '.', '-type', 'f', '-not', '-path', './node_modules/*'], {
    cwd: installed,
    encoding: 'utf8',
  });
  const files = names.stdout
    .split('\n')
    .filter((name) => name !== '')
    .map((name) => name.slice(2));
  for (const file of [
    'LICENSE',
    'README.md',
    'dist/agent/cli/bin.js',
    'dist/agent/contract/index.d.ts',
    'man/holdfast.1',
    'dist/conformance/index.js',
    'dist/THIRD-PARTY-LICENSES.txt',
  ]) {
    assert.ok(files.includes(file), `${file} is missing`);
  }
  assert.ok(
    files.some((file) => /^policies\/.*\.yaml$/.test(file)),
    'no policies',
  );
  assert.deepEqual(
    files.filter((file) => /\.(test|fixture)\.|agent\/dev\/|(?<!\.d)\.ts$/.test(file)),
    [],
  );
});

test('npx holdfast --help works, and loads nothing but what describes the command line', () => {
  assert.match(holdfast('--help'), /^ {2}restore/m);
  // By cause, not by time: every module that was loaded, asked of the loader itself.
  const hook = `import { registerHooks } from 'node:module'; import { writeFileSync } from 'node:fs';
const loaded = [];
registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
process.on('exit', () => writeFileSync('loaded.json', JSON.stringify(loaded)));`;
  writeFileSync(join(user, 'hook.mjs'), hook);
  succeed(user, process.execPath, ['--import', './hook.mjs', 'node_modules/holdfast/dist/agent/cli/bin.js', '--help']);
  const loaded = (JSON.parse(readFileSync(join(user, 'loaded.json'), 'utf8')) as string[]).filter((url) =>
    url.startsWith('file:'),
  );
  const own = pathToFileURL(`${installed}/`).href;
  assert.ok(loaded.includes(`${own}dist/agent/cli/main.js`), 'the hook saw nothing');
  assert.deepEqual(
    loaded.filter((url) => !url.startsWith(own)),
    [],
  );
  // The packages that are inlined stand in comments, where each of their modules begins.
  const inlined = loaded.flatMap((url) => [
    ...readFileSync(fileURLToPath(url), 'utf8').matchAll(/^\s*\/\/ (?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//gm),
  ]);
  assert.deepEqual([...new Set(inlined.map(([, name]) => name))], ['commander']);
  assert.deepEqual(
    loaded.filter((url) => url.startsWith(`${own}dist/plugins/`)),
    [],
  );
});

test("'holdfast/plugin', 'holdfast/system' and 'holdfast/conformance' can be imported, and their types hold", () => {
  const plugin = `import { definePlugin, fail, type Notifier } from 'holdfast/plugin';
import { runSuite, targetSuite } from 'holdfast/conformance';
import { type ExtrasAccess, openExtras } from 'holdfast/system';
import { Type } from 'typebox';
class Silent implements Notifier {
  async notify(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}
export const plugin = definePlugin({
  kind: 'notifier', name: 'silent', api: 1, version: '1.0.0', stability: 'experimental', summary: 'Tells nobody.',
  options: Type.Object({ loud: Type.Optional(Type.Boolean({ description: 'no' })) }),
  async open() { return new Silent(); },
});
const extras: ExtrasAccess = openExtras();
console.log(plugin.name, typeof fail, typeof runSuite, typeof targetSuite, extras.by);
`;
  writeFileSync(join(user, 'plugin.ts'), plugin);
  assert.match(succeed(user, process.execPath, ['plugin.ts']), /^silent function function object (libc|tools)\n$/);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    types: ['node'],
  };
  const typeRoots = [join(root, 'node_modules/@types')];
  writeFileSync(
    join(user, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...compilerOptions, typeRoots }, files: ['plugin.ts'] }),
  );
  const compiler = join(root, 'node_modules/typescript/lib/tsc.js');
  succeed(user, process.execPath, [compiler, '-p', '.']);
  writeFileSync(
    join(user, 'plugin.ts'),
    plugin.replace('async notify(): Promise<void> {}', 'notify(): number { return 1; }'),
  );
  const wrong = shell(user, process.execPath, [compiler, '-p', '.']);
  assert.notEqual(wrong.status, 0);
  assert.match(wrong.stdout, /plugin\.ts\(\d+,\d+\): error TS2416/);
});

test('what is installed backs up and restores: workers and plugins are found in the package', () => {
  const data = join(scratch, 'data');
  mkdirSync(join(data, 'a/b'), { recursive: true });
  writeFileSync(join(data, 'a/b/file.txt'), 'content of a file\n'.repeat(1000));
  holdfast('init', '--yes', '--protect', data);
  holdfast('run');
  holdfast('restore', 'files', '--into', join(scratch, 'restored'));
  assert.equal(spawnSync('diff', ['-r', data, join(scratch, 'restored')], { encoding: 'utf8' }).stdout, '');
  assert.ok(existsSync(join(scratch, 'restored/a/b/file.txt')));
});
