import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';

const folder = new URL('../../conformance/vectors/repository/', import.meta.url);
const page = readFileSync(new URL('FORMAT.md', import.meta.url), 'utf8');

/** `file.json` without the OpenPGP keys and messages, which are no vectors. */
const files = readdirSync(folder).filter((name) => name.endsWith('.json') && !name.startsWith('openpgp-'));

/** The code that each vector must be refused with, by `file: name`. */
const refused = new Map<string, string>();
for (const file of files) {
  const { vectors } = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as {
    vectors: { name: string; expect: string }[];
  };
  for (const { name, expect } of vectors) if (expect !== 'ok') refused.set(`${file.slice(0, -5)}: ${name}`, expect);
}

/** The lines of the table in "What a reader must refuse". */
function refusals(): { what: string; code: string; vectors: string[] }[] {
  const section = page.slice(page.indexOf('## 18. What a reader must refuse'), page.indexOf('## 19.'));
  return section
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| |'))
    .map((line) => {
      const [what = '', code = '', vectors = ''] = line.slice(2, -2).split(' | ');
      return { what, code, vectors: vectors.split('; ').flatMap(named) };
    });
}

function named(text: string): string[] {
  const [, file, names] = /^`([a-z-]+)`: (.+)$/.exec(text) ?? assert.fail(`no vectors: ${text}`);
  return (names ?? '').split(' · ').map((name) => `${file}: ${name}`);
}

test('every refusal of the page names vectors that are refused with its code', () => {
  const lines = refusals();
  assert.ok(lines.length > 40, 'the table was not found');
  for (const { what, code, vectors } of lines) {
    for (const vector of vectors) assert.equal(refused.get(vector), code, `${what}: ${vector}`);
  }
});

test('every vector that is refused shows one refusal of the page', () => {
  const shown = refusals().flatMap(({ vectors }) => vectors);
  assert.deepEqual(
    shown.filter((vector, i) => shown.indexOf(vector) !== i),
    [],
    'named twice',
  );
  assert.deepEqual(
    [...refused.keys()].filter((vector) => !shown.includes(vector)),
    [],
    'named nowhere',
  );
});

test('every file of vectors, every code and every section that is pointed to is there', () => {
  const vectors = page.slice(page.indexOf('## 21. Vectors'));
  for (const file of files) assert.ok(vectors.includes(`\`${file.slice(0, -5)}\``), `${file} is not described`);
  const failures = page.slice(page.indexOf('## 19. Failures'), page.indexOf('## 20.'));
  for (const code of new Set(refused.values())) assert.ok(failures.includes(code), `${code} is not explained`);
  const sections = [...page.matchAll(/^## (\d+)\. /gm)].map(([, number]) => Number(number));
  assert.deepEqual(
    sections,
    Array.from({ length: 21 }, (_, i) => i + 1),
  );
  for (const [, number] of page.matchAll(/(?<!RFC \d+, )§(\d+)(?!\.)/g)) {
    assert.ok(sections.includes(Number(number)), `§${number} is not there`);
  }
});
