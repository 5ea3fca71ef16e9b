import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-profile-test-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

test('a small profile runs through: each step has a main thread and workers that did something, and nothing is left', () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=source', main, '--size', '1'], {
    encoding: 'utf8',
    env: { ...process.env, XDG_CACHE_HOME: join(scratch, 'cache'), TMPDIR: scratch },
  });
  assert.equal(status, 0, stderr);
  const shapes = stdout.split('\n== ').slice(1);
  assert.equal(shapes.length, 3, stdout);
  for (const shape of shapes) {
    for (const step of ['first backup', 'nothing changed', 'restore']) {
      const [, told = ''] = new RegExp(`\\n${step}: .*\\n([^]*?)(\\n\\n|\\n\\w|$)`).exec(shape) ?? [];
      assert.match(told, /^ {2}main: \d+\.\d\d s busy, \d+\.\d\d s idle\n( +\d+\.\d % {2}\S.*\n?)+/, shape);
      assert.match(told, /\n {2}worker \d+: /, shape);
    }
  }
  assert.deepEqual(readdirSync(scratch), ['cache']);
});
