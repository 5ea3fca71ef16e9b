import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { appendStepSummary, stepSummary } from './github-summary.ts';
import { diagnostic, hostile, validation, whole } from './validation.fixture.ts';

let root = '';
before(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'holdfast-summary-'));
});
after(() => rm(root, { recursive: true }));

const decoded = (text: string) => text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));

test('a table of all there is to say, the worst first', () => {
  const text = stepSummary(validation([diagnostic({ severity: 'note', message: 'later' }), whole]), 1e6);
  const [heading, , , , first, second] = decoded(text).split('\n');
  assert.equal(heading, '### ❌ Holdfast: etc/holdfast.yaml: 1 error, 1 note');
  assert.match(first ?? '', /^\| error \| etc\/holdfast\.yaml:3:5 \| HF2001 \| unknown field/);
  assert.match(first ?? '', /<br>origin: from defaults\.jobs<br>see also: etc\/more\.yaml:7:2: first written here/);
  assert.match(second ?? '', /^\| note .* later/);
  assert.equal(stepSummary(validation([]), 1e6), '### ✅ Holdfast: etc&#47;holdfast&#46;yaml&#58; no mistakes\n\n');
});

test('what a policy says is no markup: nothing but letters, digits and references', () => {
  const [, row = ''] = stepSummary(validation([hostile]), 1e6).split('|---|---|---|---|\n');
  const cells = row.split('\n')[0]?.split('|') ?? [];
  assert.equal(cells.length, 6);
  for (const cell of cells) assert.match(cell.replaceAll('<br>', ''), /^(?:&#\d+;|[\p{L}\p{N} \ufffd\uffff])*$/u);
});

test('no byte more than there is room for, and what is left out is counted', () => {
  const many = validation(
    Array.from({ length: 20_000 }, (_, index) => diagnostic({ message: `número ${index} 日本` })),
  );
  for (const room of [2 ** 20, 5000, 400]) {
    const text = stepSummary(many, room);
    const rows = text.match(/^\| error/gm)?.length ?? 0;
    const [, rest = ''] = /and ([\d,]+) more lines/.exec(text) ?? [];
    assert.ok(Buffer.byteLength(text) <= room);
    assert.equal(rows + Number(rest.replaceAll(',', '')), 20_000);
  }
  assert.equal(stepSummary(many, 50), '');
});

test('what the step has written already takes room, and stays', async () => {
  const file = path.join(root, 'summary.md');
  await writeFile(file, `${'x'.repeat(2 ** 20 - 4000)}\n`);
  await appendStepSummary(validation(Array.from({ length: 100 }, () => diagnostic())), file);
  assert.match(await readFile(file, 'utf8'), /^x+\n### ❌ Holdfast[\s\S]* more lines/);
  assert.ok((await stat(file)).size <= 2 ** 20);
  const fresh = path.join(root, 'fresh.md');
  await appendStepSummary(validation([]), fresh);
  assert.match(await readFile(fresh, 'utf8'), /no mistakes/);
  await assert.rejects(appendStepSummary(validation([]), path.join(root, 'no/such/folder')), { code: 'ENOENT' });
});
