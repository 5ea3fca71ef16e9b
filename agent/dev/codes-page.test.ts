import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { codes } from '../config/codes.ts';
import { codesPage } from './codes-page.ts';

const page = codesPage();

test('every code has a row that leads to a section of its own', () => {
  for (const [code, { severity, title }] of Object.entries(codes)) {
    const row = `| [${code}](#${code.toLowerCase()}) | ${severity} | ${title} |\n`;
    assert.equal(page.split(row).length, 2, code);
    assert.equal(page.split(`\n### ${code}\n\n**${title}** (${severity})\n`).length, 2, code);
  }
});

test('examples are blocks that end, and say what they are', () => {
  const fences = page.match(/^```.*$/gm) ?? [];
  assert.equal(fences.length, 4 * Object.keys(codes).length);
  fences.forEach((fence, at) => {
    assert.match(fence, at % 2 === 0 ? /^```(yaml|sh)$/ : /^```$/);
  });
});

test('the page in docs/ is this one', () => {
  assert.ok(readFileSync(new URL('../../docs/codes.md', import.meta.url), 'utf8') === page, 'npm run generate');
});
