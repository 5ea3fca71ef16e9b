import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ENVIRONMENT } from '../cli/environment.ts';
import { EXIT_MEANINGS } from '../cli/exit.ts';
import { allVerbs, readGrammar, type VerbGrammar } from '../cli/grammar.ts';
import { describeProgram } from '../cli/program.ts';
import { manPage } from './man-page.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const program = readGrammar(describeProgram('1.2.3', () => {}));
const EDITION = { version: '1.2.3', date: '2026-11-23' };

const READERS: readonly (readonly [command: string, check: readonly string[], show: readonly string[]])[] = [
  ['groff', ['-ww', '-man', '-Tutf8', '-z'], ['-man', '-Tascii', '-P-cbou', '-rLL=400n', '-rHY=0']],
  ['mandoc', ['-T', 'lint', '-W', 'warning'], ['-T', 'ascii', '-O', 'width=400']],
];

function read(command: string, args: readonly string[], page: string): string {
  const { stdout, stderr, error } = spawnSync(command, args, { input: page, encoding: 'utf8' });
  if (error) throw error;
  // Overstruck, as terminals of paper showed what is bold.
  return (stdout + stderr).replace(/.[\b]/g, '');
}

const isThere = (command: string) => spawnSync(command, ['-v'], { input: '' }).error === undefined;

for (const [command, check, show] of READERS) {
  const skip = isThere(command) ? false : `${command} is not installed`;

  test(`${command} reads the page without a warning, and shows all there is`, { skip }, () => {
    const page = manPage(program, EDITION);
    assert.equal(read(command, check, page), '');
    const shown = read(command, show, page);
    for (const { path, options, verbs } of allVerbs(program)) {
      if (verbs.length === 0) assert.match(shown, new RegExp(`^ +holdfast ${path.join(' ')}( |$)`, 'm'));
      for (const { long } of options) assert.ok(shown.includes(long), long);
    }
    for (const [code, { full }] of Object.entries(EXIT_MEANINGS)) {
      assert.match(shown, new RegExp(`^ +${code} +${full.slice(0, 20)}`, 'm'));
    }
    for (const [name] of ENVIRONMENT) assert.match(shown, new RegExp(`^ +${name}( |$)`, 'm'));
  });

  test(`${command}: what would be a request, an escape or a quote is text`, { skip }, () => {
    const odd: VerbGrammar = {
      ...program,
      description: ".Odd text. 'Quoted' \\fBnot bold\\fR and – a dash.",
      verbs: [{ ...program, path: ['odd'], verbs: [] }],
      examples: [[`run --x '~/a^b\`c' "d"`, '.first']],
    };
    const page = manPage(odd, EDITION);
    assert.equal(read(command, check, page), '');
    const shown = read(command, show, page);
    assert.match(shown, /\.Odd text\.\s+'Quoted' \\fBnot bold\\fR/);
    assert.ok(shown.includes(`holdfast run --x '~/a^b\`c' "d"`), shown);
    assert.match(shown, /# \.first/);
  });
}

test('every variable that the program reads is in the page', () => {
  const ours = readdirSync(join(root, 'agent'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(file) && !file.startsWith('dev/'))
    .flatMap((file) => [...readFileSync(join(root, 'agent', file), 'utf8').matchAll(/\benv(?:\['|\.)([A-Z][A-Z_]+)/g)])
    .map(([, name = '']) => name)
    .filter((name) => !name.startsWith('OTEL_'));
  const described = ENVIRONMENT.map(([name]) => name);
  assert.ok(ours.includes('HOLDFAST_STATE'), 'the pattern finds nothing');
  assert.deepEqual(
    [...new Set(ours)].filter((name) => !described.includes(name)),
    [],
  );
});
