import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkout } from '../acceptance/program.ts';

const page = readFileSync(join(checkout, 'SECURITY.md'), 'utf8');

/** The rows of all tables of what somebody cannot do: the promise, and what is said to show it. */
function promises(): { cannot: string; shown: string }[] {
  const rows: { cannot: string; shown: string }[] = [];
  let inside = false;
  for (const line of page.split('\n')) {
    if (line.startsWith('| cannot |')) inside = true;
    else if (!line.startsWith('|')) inside = false;
    else if (inside && !line.startsWith('|---')) {
      const [, cannot = '', shown = ''] = line.split(' | ').join('|').split('|');
      rows.push({ cannot: cannot.trim(), shown: shown.trim() });
    }
  }
  return rows;
}

const REFERENCE = /\[[^\]]+\]\(([^)]+)\) "(.+?)"(?=;|$)/g;

for (const { cannot, shown } of promises()) {
  test(`a test shows that they cannot ${cannot}`, () => {
    const references = [...shown.matchAll(REFERENCE)];
    assert.ok(references.length > 0, `no test is named: ${shown}`);
    for (const [, file = '', title = ''] of references) {
      const source = readFileSync(join(checkout, file), 'utf8').replaceAll('\\', '');
      assert.ok(source.includes(title), `${file} has no test "${title}"`);
    }
  });
}

test('the page promises something against each who is named on it', () => {
  assert.ok(promises().length >= 20, `${promises().length}`);
  const sections = page.split(/^## /m).filter((section) => /^(A|Somebody) /.test(section));
  for (const section of sections) assert.match(section, /\| cannot \|/, section.split('\n')[0] ?? '');
});
