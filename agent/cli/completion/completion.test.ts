import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { COMMAND, holdfast } from '../child.fixture.ts';
import { allVerbs, readGrammar } from '../grammar.ts';
import { describeProgram } from '../program.ts';
import type { Shell } from '../verbs/completion.ts';
import { type Asked, isInstalled, offered } from './shells.fixture.ts';

const SHELLS: readonly Shell[] = ['bash', 'zsh', 'fish'];
const grammar = readGrammar(describeProgram('0', () => {}));
/** What an evaluated word would leave behind. */
const TRAP = '$(touch trapped)';

let root = '';
let place = '';
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'holdfast-completion-'));
  place = join(root, 'place');
  await mkdir(join(place, 'other place'), { recursive: true });
  await mkdir(join(place, TRAP));
  for (const shell of SHELLS) {
    const { exit, stdout, stderr } = holdfast(['completion', shell], { cwd: root });
    assert.deepEqual([exit, stderr], [0, '']);
    await writeFile(scriptOf(shell), stdout);
  }
  await program('real', `exec ${COMMAND} "$@"`);
  await program('odd', `printf '%s\\n' 'two words' '${TRAP}' '\`touch trapped\`' "it's" '*'`);
  const policy = (job: string) => `version: 1
sources: { files: { type: files, paths: [.] }, web.site: {} }
targets: { local: {}, nas-1: {} }
jobs: { ${job}: { source: files }, mail: {}, "${TRAP}": {} }
broken: [
`;
  await writeFile(join(place, 'holdfast.yaml'), policy('home'));
  await writeFile(join(place, 'other place/holdfast.yaml'), policy('elsewhere'));
});
after(() => rm(root, { recursive: true }));

const scriptOf = (shell: Shell) => join(root, `completion.${shell}`);

/** A command `holdfast` in a folder of its own. */
async function program(folder: string, body: string): Promise<void> {
  await mkdir(join(root, folder));
  await writeFile(join(root, folder, 'holdfast'), `#!/bin/sh\n${body}\n`);
  await chmod(join(root, folder, 'holdfast'), 0o755);
}

function asked(shell: Shell, folder: 'real' | 'odd'): Asked {
  const env = { PATH: `${join(root, folder)}${delimiter}${process.env['PATH']}`, HOME: root, LC_ALL: 'C.UTF-8' };
  return { shell, script: scriptOf(shell), cwd: place, env };
}

const LINES: readonly (readonly [line: readonly string[], offered: readonly string[]])[] = [
  [['ru'], ['run']],
  [['zz'], []],
  [
    ['run', ''],
    ['home', 'mail'],
  ],
  [['run', 'home', 'm'], ['mail']],
  [['run', '--job', 'h'], ['home']],
  [
    ['-q', 'restore', ''],
    ['files', 'web.site'],
  ],
  [
    ['restore', 'files', '--target', ''],
    ['local', 'nas-1'],
  ],
  [
    ['restore', '--conflict', ''],
    ['error', 'skip', 'replace'],
  ],
  [['restore', '--conflict=r'], ['replace']],
  [['verify', '--level=dec'], ['decrypt']],
  [
    ['keys', ''],
    ['approve', 'list', 'request', 'show'],
  ],
  [
    ['diff', 'files', ''],
    ['latest', 'previous'],
  ],
  [['diff', 'files', 'previous', ''], ['latest']],
  [
    ['find', '--source', ''],
    ['files', 'web.site'],
  ],
  [['help', 'ke'], ['keys']],
  [['completion', ''], [...SHELLS]],
  [['--policy', "'other place'", 'run', 'e'], ['elsewhere']],
  [['run', '--policy=other\\ place/holdfast.yaml', 'e'], ['elsewhere']],
  [['run', '-p', 'not-there', 'h'], []],
  [['-p', `'${TRAP}'`, 'run', 'h'], []],
];

for (const shell of SHELLS) {
  const skip = isInstalled(shell) ? false : `${shell} is not installed`;

  test(`${shell} completes verbs, choices, and names from the policy that is meant`, { skip }, async () => {
    const found = offered(
      asked(shell, 'real'),
      LINES.map(([line]) => ['holdfast', ...line]),
    );
    for (const [at, [line, expected]] of LINES.entries()) {
      assert.deepEqual(found[at]?.toSorted(), expected.toSorted(), line.join(' '));
    }
    assert.deepEqual(await readdir(place), [TRAP, 'holdfast.yaml', 'other place']);
  });

  test(`${shell} completes every verb and option that the program has`, { skip }, () => {
    const verbs = allVerbs(grammar);
    const found = offered(
      asked(shell, 'real'),
      verbs.flatMap(({ path }) => [
        ['holdfast', ...path, ''],
        ['holdfast', ...path, '--'],
      ]),
    );
    for (const [at, { path, verbs: below, options }] of verbs.entries()) {
      const words = below.map((verb) => verb.path.at(-1));
      if (words.length > 0) assert.deepEqual(found[2 * at]?.toSorted(), words.toSorted(), path.join(' '));
      const flags = new Set([...options, ...grammar.options].map(({ long }) => long));
      const long = found[2 * at + 1]?.filter((flag) => flag.startsWith('--'));
      assert.deepEqual(long?.toSorted(), [...flags].toSorted(), path.join(' '));
    }
  });

  test(`${shell} evaluates no name, whatever it is`, { skip }, async () => {
    const [all = []] = offered(asked(shell, 'odd'), [['holdfast', 'run', '']]);
    const plain = shell === 'bash' ? all.map((word) => word.replaceAll('\\', '')) : all;
    const names = ['two words', TRAP, '`touch trapped`', "it's", '*'];
    if (shell !== 'zsh') assert.deepEqual(plain.toSorted(), names.toSorted());
    if (shell === 'bash') assert.ok(all.includes('\\$\\(touch\\ trapped\\)'), 'as a shell takes it back');
    if (shell === 'zsh') {
      const lines = [['two'], ['it'], ['\\$']].map(([typed = '']) => ['holdfast', 'run', typed]);
      const expected = [['two\\ words'], ["it\\'s"], ['\\$\\(touch\\ trapped\\)']];
      assert.deepEqual(offered(asked(shell, 'odd'), lines), expected);
    }
    assert.ok(!(await readdir(place)).includes('trapped'));
  });
}

test('what names a policy has is never said loudly, and nothing but names is said', async () => {
  const ask = (...args: string[]) => holdfast(['__complete', ...args], { cwd: place });
  assert.equal(ask('jobs').stdout, 'home\nmail\n');
  for (const args of [
    [],
    ['nothing'],
    ['jobs', '--policy', 'not-there'],
    ['jobs', '--policy', root],
    ['jobs', '--policy', scriptOf('zsh')],
    ['jobs', 'more', '--unknown'],
  ]) {
    const { exit, stdout, stderr } = ask(...args);
    assert.deepEqual([exit, stderr], [0, ''], args.join(' '));
    if (args[1] !== 'more') assert.equal(stdout, '', args.join(' '));
  }
});

test('who asks for names loads what reads a policy, and no plugin, engine or repository', async () => {
  const hook = join(root, 'loaded.mjs');
  const text = `import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) { process.stderr.write(url + '\\n'); return next(url, context); } });`;
  await writeFile(hook, text);
  const { stderr } = holdfast(['__complete', 'jobs'], { cwd: place, nodeArgs: ['--import', hook], fromSources: true });
  const loaded = stderr.split('\n').filter((line) => line.startsWith('file:'));
  const packages = loaded.map((url) => /node_modules\/([^/]+)/.exec(url)?.[1]).filter((name) => name !== undefined);
  assert.deepEqual([...new Set(packages)].toSorted(), ['commander', 'cosmiconfig', 'env-paths', 'yaml']);
  const rooms = loaded.map((url) => /\/agent\/([^/]+)\//.exec(url)?.[1]).filter((name) => name !== undefined);
  assert.deepEqual([...new Set(rooms)].toSorted(), ['cli', 'config', 'contract']);
});

test('completion says which shells there are; with --json it is one document', () => {
  const { exit, stderr } = holdfast(['completion', 'ksh'], { cwd: root });
  assert.equal(exit, 64);
  assert.match(stderr, /bash, zsh, fish/);
  const { shell, script } = JSON.parse(holdfast(['completion', 'fish', '--json'], { cwd: root }).stdout);
  assert.equal(shell, 'fish');
  assert.match(script, /complete -c holdfast/);
});
