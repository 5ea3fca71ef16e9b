import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { EXIT_MEANINGS, exitOf } from '../../agent/cli/exit.ts';
import { type ArgumentGrammar, allVerbs, readGrammar, type VerbGrammar } from '../../agent/cli/grammar.ts';
import { describeProgram } from '../../agent/cli/program.ts';
import type { Failure } from '../../agent/contract/index.ts';
import { type Given, Machine } from './machine.ts';
import { documentOf, type Ended } from './program.ts';

/** Every verb there is, asked of the program itself: none can be forgotten. */
const verbs = allVerbs(readGrammar(describeProgram('0', () => {}))).filter(({ path }) => path.length > 0);

let machine: Machine;
before(async () => {
  machine = await Machine.create();
  await writeFile(`${machine.data}/file`, 'content');
  await machine.ask(['run']);
  const policy = await readFile(machine.policy, 'utf8');
  await writeFile(machine.place('broken.yaml'), `${policy}retension: {}\n`);
  await writeFile(machine.place('gone.yaml'), policy.replace(machine.repository, machine.place('nowhere')));
  await mkdir(machine.place('empty'));
});
after(() => machine[Symbol.asyncDispose]());

/** The verb with what it cannot do without, and with a folder that is small. */
function typed({ path, arguments: expected, examples }: VerbGrammar): string[] {
  const [example = ''] = examples[0] ?? [];
  const shown = example
    .split(' ')
    .slice(path.length)
    .filter((word) => !word.startsWith('-'));
  const wanted = expected.filter(({ required, values }) => required || values.kind === 'folders');
  return [...path, ...wanted.map((argument, at) => wordFor(argument) ?? shown[at] ?? 'x')];
}

function wordFor({ values }: ArgumentGrammar): string | undefined {
  if (values.kind === 'words') return values.words[0];
  if (values.kind === 'names') return values.of === 'targets' ? 'local' : 'files';
  return values.kind === 'folders' ? machine.data : undefined;
}

/** One JSON document and nothing else; a failure in it says what to do next, and is what the exit code says. */
function assertDocument(ended: Ended): { readonly failure?: Failure } {
  const { command, exit, stdout, stderr } = ended;
  assert.ok(stdout.startsWith('{') && stdout.endsWith('}\n'), `${command}: ${stdout}${stderr}`);
  const document = documentOf<{ failure?: Failure }>(ended);
  assert.ok(exit !== null && exit in EXIT_MEANINGS, `${command} ended with ${exit}`);
  assert.ok(!stdout.includes('\x1b') && !stderr.includes('\x1b'), command);
  const { failure } = document;
  if (failure === undefined) return document;
  assert.equal(exit, exitOf(failure), command);
  assert.ok(failure.hint, `${command}: no hint for ${failure.code}`);
  assert.match(stderr, /✖ .*\n(.*\n)* +hint /, command);
  return document;
}

const usage: readonly (readonly [what: string, words: readonly string[]])[] = [
  ['an option that it does not have', ['--no-such-option']],
  ['two options that exclude each other', ['-q', '-v']],
  ['a global option without its value', ['--state']],
];

const places: readonly (readonly [what: string, words: readonly string[], given: () => Given])[] = [
  ['no policy', [], () => ({ cwd: machine.place('empty') })],
  ['a policy with a mistake', ['--policy', 'broken.yaml'], () => ({})],
  ['a target that is gone', ['--policy', 'gone.yaml'], () => ({})],
  ['no passphrase', [], () => ({ env: { HOLDFAST_PASSPHRASE: '' } })],
  ['a state folder that cannot be made', ['--state', '/dev/null/state'], () => ({})],
];

for (const verb of verbs) {
  const name = verb.path.join(' ');
  const call = (words: readonly string[], given: Given = {}) =>
    machine.call([...typed(verb), ...words], {
      ...given,
      env: { XDG_STATE_HOME: machine.place('xdg'), ...given.env },
    });

  test(`${name} --json: one document when it works, and --help is one`, async () => {
    assertDocument(await call(['--json']));
    assert.equal(typeof documentOf<{ help: unknown }>(await call(['--help', '--json'])).help, 'string');
  });

  test(`${name} --json: one document for each mistake on the command line`, async () => {
    const words = [...usage];
    if (verb.arguments.every(({ variadic }) => !variadic)) words.push(['too many words', ['a', 'b', 'c']]);
    for (const [what, mistake] of words) {
      const ended = await call(['--json', ...mistake]);
      assert.deepEqual([assertDocument(ended).failure?.code, ended.exit], ['USAGE', 64], what);
    }
    if (typed(verb).length === verb.path.length || !verb.arguments[0]?.required) return;
    assert.equal(assertDocument(await machine.call([...verb.path, '--json'])).failure?.code, 'USAGE');
  });

  test(`${name} --json: one document where something is missing or wrong`, async () => {
    // The demo brings a policy, a state folder and a key of its own.
    const mattering = name === 'demo' ? places.slice(0, 1) : places;
    for (const [, words, given] of mattering) assertDocument(await call(['--json', ...words], given()));
  });

  test(`${name}: --quiet says only what is to be acted on, --verbose how it ended`, async () => {
    const quiet = await call(['--quiet']);
    if (quiet.exit === 0) assert.match(quiet.stderr, /^(! .*\n( .*\n)*)*$/);
    const verbose = await call(['--verbose']);
    if (name !== 'help') assert.match(verbose.stderr, /^holdfast .*\n(.*\n)*exit code \d+: /);
  });
}

test('ls --json: one document also when the listing breaks off in the middle', async () => {
  await using damaged = await Machine.create();
  await writeFile(`${damaged.data}/file`, 'content');
  await damaged.ask(['run']);
  for (const pack of (await damaged.objects('packs')).keys()) {
    const file = `${damaged.repository}/${pack}`;
    const bytes = await readFile(file);
    await chmod(file, 0o600);
    await writeFile(file, bytes.fill(0, 64, bytes.length - 64));
  }
  const ended = await damaged.call(['ls', 'files', '--json']);
  const { failure } = assertDocument(ended);
  assert.deepEqual([failure?.origin, ended.exit], ['repository', 1]);
});
