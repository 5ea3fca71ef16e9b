import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { type ChildOptions, type ChildResult, holdfast as inChild, startHoldfast } from './child.fixture.ts';
import { readGrammar } from './grammar.ts';
import { describeProgram } from './program.ts';

let root = '';
before(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'holdfast-cli-'));
});
after(() => rm(root, { recursive: true }));

function holdfast(args: readonly string[], o: Partial<ChildOptions> = {}): ChildResult {
  return inChild(args, { cwd: root, ...o });
}

async function folder(name: string): Promise<string> {
  const at = path.join(root, name);
  await mkdir(at, { recursive: true });
  return at;
}

test('--help shows examples first and every verb, on stdout', () => {
  const { exit, stdout, stderr } = holdfast(['--help']);
  assert.equal(exit, 0);
  assert.equal(stderr, '');
  assert.match(stdout, /^Examples:\n {2}holdfast init/);
  for (const { path: words, summary } of readGrammar(describeProgram('0', () => {})).verbs) {
    const verb = words.join(' ');
    assert.match(stdout, new RegExp(`^  ${verb} .*${summary.slice(0, 20)}`, 'm'));
    const help = holdfast([verb, '--help']);
    assert.equal(help.exit, 0);
    assert.match(help.stdout, new RegExp(`^Examples:\n(  # .*\n)?  holdfast ${verb}`));
    assert.deepEqual(holdfast(['help', verb]), help);
    for (const line of help.stdout.split('\n')) assert.ok(line.length <= 80, `too wide: ${line}`);
  }
  assert.match(holdfast(['help', 'keys', 'show']).stdout, /^Examples:\n {2}holdfast keys show/);
});

test('--help to somebody who reads no further is no error', async () => {
  const child = startHoldfast(['--help'], { cwd: root });
  child.stdout.destroy();
  const said = await text(child.stderr);
  assert.deepEqual([said, child.exitCode ?? (await once(child, 'exit'))[0]], ['', 0]);
});

/** The URL of every module that a call loads. */
async function loadedBy(args: string[]): Promise<string[]> {
  const hook = path.join(root, 'loaded.mjs');
  await writeFile(
    hook,
    `import { registerHooks } from 'node:module';
     registerHooks({ load(url, context, next) { process.stderr.write(url + '\\n'); return next(url, context); } });`,
  );
  const { stderr } = holdfast(args, { nodeArgs: ['--import', hook], fromSources: true });
  return stderr.split('\n').filter((line) => /^(file|node):/.test(line));
}

test('reading a policy loads no typebox: it is most of what there would be to load', async () => {
  const loaded = await loadedBy(['validate']);
  assert.ok(
    loaded.some((url) => url.includes('/ajv/')),
    'the hook sees nothing',
  );
  assert.deepEqual(
    loaded.filter((url) => url.includes('/typebox/')),
    [],
  );
});

test('--help loads no driver and none of the heavy packages', async () => {
  const loaded = await loadedBy(['run', '--help']);
  assert.ok(
    loaded.some((url) => url.includes('/commander/')),
    'the hook sees nothing',
  );
  // What durations on the command line are read with is one file, which imports nothing.
  const heavy =
    /node_modules\/(?!commander\/)|node:sqlite|\/plugins\/|agent\/(config\/(?!duration\.ts)|(repository|engine|catalog|telemetry|workers)\/)/;
  assert.deepEqual(
    loaded.filter((url) => heavy.test(url)),
    [],
  );
});

test('--version is that of the package', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.equal(holdfast(['--version']).stdout, `${version}\n`);
});

const mistakes: [args: string[], words: RegExp][] = [
  [['rn'], /Unknown verb 'rn'[\s\S]*Did you mean run\?/],
  [['help', 'rn'], /Unknown verb 'rn'/],
  [[], /A verb is missing[\s\S]*holdfast demo[\s\S]*holdfast init[\s\S]*holdfast --help/],
];
for (const [args, words] of mistakes) {
  test(`a usage mistake is exit 64, in words: ${args.join(' ') || '(nothing)'}`, () => {
    const { exit, stdout, stderr } = holdfast(args);
    assert.equal(exit, 64);
    assert.equal(stdout, '');
    assert.match(stderr, words);
  });
}

test('a usage mistake with --json is one JSON document', () => {
  const { exit, stdout } = holdfast(['--json', 'rn']);
  assert.equal(exit, 64);
  assert.equal(JSON.parse(stdout).failure.code, 'USAGE');
});

test('no colours without a terminal, whatever the environment says of one', () => {
  for (const env of [{ TERM: 'xterm-256color' }, { NO_COLOR: '1' }]) {
    const { stderr } = holdfast(['rn'], { env });
    assert.ok(!stderr.includes('\x1b'));
  }
});

test('init makes everything once; again, it changes nothing and says so', async () => {
  const cwd = await folder('init');
  const state = path.join(cwd, 'state');
  const first = holdfast(['init', '--yes', '--json', '--state', state], { cwd });
  assert.equal(first.exit, 0, first.stderr);
  const made = JSON.parse(first.stdout);
  assert.equal(made.changed, true);
  assert.match(first.stderr, /recovery key[\s\S]*lies on this host[\s\S]*take it off/);
  assert.equal((await stat(state)).mode & 0o777, 0o700);
  for (const name of ['recovery-key.asc', 'recovery-passphrase', 'host-keys']) {
    assert.equal((await stat(path.join(state, name))).mode & 0o777, 0o600, name);
  }
  const before = await snapshotOf(cwd);
  const again = holdfast(['init', '--json', '--state', state], { cwd });
  assert.equal(again.exit, 0, again.stderr);
  assert.equal(JSON.parse(again.stdout).changed, false);
  assert.deepEqual(await snapshotOf(cwd), before);
  assert.match(holdfast(['init', '--state', state], { cwd }).stderr, /nothing was changed/);
  assert.equal(holdfast(['validate', '--state', state], { cwd }).exit, 0);
  // Its own repository lies in what it protects: it must be left out.
  assert.match(await readFile(path.join(cwd, 'holdfast.yaml'), 'utf8'), /exclude: \[\/state\/repository\/\]/);
});

/** Every file below a folder with its content, but for SQLite's lock, which each opening touches. */
async function snapshotOf(at: string): Promise<Record<string, string>> {
  const names = (await readdir(at, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const files = names.map((entry) => path.join(entry.parentPath, entry.name)).filter((file) => !file.endsWith('.lock'));
  return Object.fromEntries(
    await Promise.all(files.sort().map(async (file) => [file, await readFile(file, 'base64')])),
  );
}

test('init with nobody to show a passphrase to leaves nothing behind', async () => {
  const cwd = await folder('nobody');
  const { exit, stderr } = holdfast(['init', '--state', path.join(root, 'nobody-state')], { cwd });
  assert.equal(exit, 77);
  assert.match(stderr, /PASSPHRASE_NEEDED[\s\S]*--passphrase-file[\s\S]*--yes/);
  assert.deepEqual(await readdir(cwd), []);
});

test('init takes a passphrase that was given, and keeps it nowhere', async () => {
  const cwd = await folder('given');
  const state = path.join(root, 'given-state');
  const secret = 'a passphrase of mine';
  const { exit } = holdfast(['init', '--state', state], { cwd, env: { HOLDFAST_PASSPHRASE: secret } });
  assert.equal(exit, 0);
  for (const content of Object.values({ ...(await snapshotOf(cwd)), ...(await snapshotOf(state)) })) {
    assert.ok(!Buffer.from(content, 'base64').includes(secret));
  }
});

test('validate points at the mistake, suggests, and exits 78', async () => {
  const cwd = await folder('mistake');
  const policy = `version: 1\nrecipients: { a: { publicKey: a.asc } }\nretension: {}\n`;
  await writeFile(path.join(cwd, 'holdfast.yaml'), policy);
  const { exit, stdout, stderr } = holdfast(['validate'], { cwd });
  assert.equal(exit, 78);
  assert.equal(stderr, '');
  assert.match(stdout, /^holdfast\.yaml:3:1: error\[HF2001\]/m);
  assert.match(stdout, / 3 │ retension: \{\}\n +│ \^{9} did you mean "retention"\?/);
  const json = holdfast(['validate', '--json'], { cwd });
  assert.equal(json.exit, 78);
  const { valid, diagnostics } = JSON.parse(json.stdout);
  assert.equal(valid, false);
  assert.equal(diagnostics[0].at.line, 3);
  for (const verb of ['plan', 'run', 'keys', 'snapshots', 'verify'])
    assert.equal(holdfast([verb], { cwd }).exit, 78, verb);
});

test('no policy at all is exit 78 with a hint', async () => {
  const { exit, stderr } = holdfast(['plan'], { cwd: await folder('none') });
  assert.equal(exit, 78);
  assert.match(stderr, /holdfast init/);
});

test('plan and keys: one JSON document on stdout, tables otherwise; a job or key that is not there is exit 64', async () => {
  const cwd = await folder('plan');
  const at = ['--state', path.join(cwd, 'state')];
  holdfast(['init', '--yes', ...at], { cwd });
  const plan = JSON.parse(holdfast(['plan', '--json', ...at], { cwd }).stdout);
  assert.deepEqual(
    plan.jobs.map((job: { name: string }) => job.name),
    ['files'],
  );
  assert.match(holdfast(['plan', ...at], { cwd }).stdout, /writes to {2}local: local/);
  assert.equal(holdfast(['plan', 'nothing', ...at], { cwd }).exit, 64);
  const keys = JSON.parse(holdfast(['keys', '--json', ...at], { cwd }).stdout);
  assert.equal(keys.epochs.length, 1);
  assert.equal(keys.writers.length, 1);
  assert.deepEqual(keys.problems, []);
  assert.match(holdfast(['keys', ...at], { cwd }).stdout, /^EPOCH +DOMAIN +MADE +SEALED TO\n/m);
  assert.match(holdfast(['keys', 'show', keys.epochs[0].id.slice(0, 8), ...at], { cwd }).stdout, /^epoch\n/);
  assert.equal(holdfast(['keys', 'show', 'ffff', ...at], { cwd }).exit, 64);
});
