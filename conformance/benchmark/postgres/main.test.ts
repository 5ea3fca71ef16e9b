import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findPostgres } from '../../services/postgres-programs.ts';
import { measuredOfDatabases } from './measured.ts';

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-benchmark-test-'));
// The server is another user where this one is root.
chmodSync(scratch, 0o755);
after(() => rmSync(scratch, { recursive: true, force: true }));
const skip = findPostgres() === undefined ? 'no PostgreSQL: apt-get install postgresql' : false;

test('a small benchmark runs through: what comes back is what there was, and nothing is left behind', { skip }, () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const args = ['--conditions=source', main, '--size', '30', '--rounds', '1'];
  const env = { ...process.env, TMPDIR: scratch };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  assert.equal(status, 0, stderr);
  for (const { title, unit } of Object.values(measuredOfDatabases)) {
    const row = stdout.split('\n').find((line) => line.startsWith(`| ${title} `)) ?? '';
    assert.match(row.split('|')[2] ?? '', new RegExp(`^ +([\\d.]+ ${unit}|–) $`), stdout);
  }
  assert.deepEqual(readdirSync(scratch), []);
});
