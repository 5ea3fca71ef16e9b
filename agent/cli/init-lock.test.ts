import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DomainLock } from '../catalog/domain-lock.ts';
import { holdfast } from './child.fixture.ts';

test('while another init is at work, this one says so and makes nothing', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'holdfast-setup-'));
  const state = join(cwd, 'state');
  const init = () => holdfast(['init', '--yes', '--state', state], { cwd });
  try {
    {
      using _ = DomainLock.take(state, '.init');
      const { exit, stderr } = init();
      assert.deepEqual([exit, /Another `holdfast init`/.test(stderr)], [75, true], stderr);
      for (const name of ['state/recovery-key.asc', 'state/recovery-passphrase', 'holdfast.yaml'])
        assert.ok(!existsSync(join(cwd, name)), name);
    }
    const { exit, stderr } = init();
    assert.equal(exit, 0, stderr);
  } finally {
    await rm(cwd, { recursive: true });
  }
});
