import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { measuredOfFiles } from './measured.ts';

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-benchmark-test-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

test('a small benchmark runs through: every row has a figure of this project, and nothing is left behind', () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=source', main, '--size', '2', '--files', '60', '--rounds', '1'],
    { encoding: 'utf8', env: { ...process.env, XDG_CACHE_HOME: join(scratch, 'cache'), TMPDIR: scratch } },
  );
  assert.equal(status, 0, stderr);
  for (const { title, unit } of Object.values(measuredOfFiles)) {
    const row = stdout.split('\n').find((line) => line.startsWith(`| ${title} `)) ?? '';
    assert.match(row.split('|')[2] ?? '', new RegExp(`^ +([\\d.]+ ${unit}|–) $`), stdout);
  }
  assert.deepEqual(readdirSync(scratch), ['cache']);
});
