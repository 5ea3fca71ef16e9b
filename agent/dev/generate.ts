/**
 * `npm run generate`: writes what is derived from code: the schemas below schemas/, the table in each plugin's README.md and the
 * reference of the policy from the options, docs/codes.md from the explanations, and the man page from the description of the
 * command line. With `--check` nothing is written, and what is not as it should be is named.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readGrammar } from '../cli/grammar.ts';
import { describeProgram } from '../cli/program.ts';
import { codesPage } from './codes-page.ts';
import { manPage } from './man-page.ts';
import { optionFiles } from './option-files.ts';

const root = resolve(fileURLToPath(new URL('../../', import.meta.url)));
const manual = join('man', 'holdfast.1');

/** What every generated file should hold, by its path from the root. */
function generatedFiles(): Map<string, string> {
  const files = optionFiles(root);
  files.set(manual, currentManual());
  files.set(join('docs', 'codes.md'), codesPage());
  return files;
}

/** Dated by the day its text last changed. */
function currentManual(): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const grammar = readGrammar(describeProgram(version, () => {}));
  const present = existsSync(join(root, manual)) ? readFileSync(join(root, manual), 'utf8') : '';
  const [, date = ''] = /^\.TH \S+ \S+ (\S+)/m.exec(present) ?? [];
  const unchanged = manPage(grammar, { version, date }) === present;
  return unchanged ? present : manPage(grammar, { version, date: new Date().toISOString().slice(0, 10) });
}

const files = generatedFiles();
const check = process.argv.includes('--check');
const present = readdirSync(join(root, 'schemas'), { recursive: true, encoding: 'utf8' });
const leftOver = present
  .map((path) => join('schemas', path))
  .filter((path) => path.endsWith('.json') && !files.has(path));
const stale = [...files].filter(
  ([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8') !== text,
);
for (const path of leftOver) {
  process.stderr.write(`${path}: nothing makes this file\n`);
  if (!check) rmSync(join(root, path));
}
for (const [path, text] of stale) {
  process.stderr.write(check ? `${path}: not what the code says; run npm run generate\n` : `${path}\n`);
  if (check) continue;
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
process.stdout.write(
  `${files.size} generated files, ${stale.length + leftOver.length} ${check ? 'not current' : 'renewed'}\n`,
);
process.exitCode = check && stale.length + leftOver.length > 0 ? 1 : 0;
