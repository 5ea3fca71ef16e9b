import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { lendHost, sha256 } from 'holdfast/conformance';
import { openFolder } from './specimen-target.ts';

describe('specimen', () => {
  it('leaves nothing beside the object, and does not show what was left by a writer that died', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'specimen-'));
    try {
      await using host = await lendHost();
      await using target = await openFolder(folder, host);
      await writeFile(join(folder, '+left-over'), 'half');
      const body = Buffer.from('whole');
      await target.put('packs/a', body, { sha256: sha256(body) });
      await target.put('packs/a', body, { sha256: sha256(body) });
      assert.deepEqual((await readdir(folder)).sort(), ['+left-over', 'packs+a']);
      const listed = [];
      for await (const { key } of target.list('')) listed.push(key);
      assert.deepEqual(listed, ['packs/a']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is missing where a file stands in its place', async () => {
    await using host = await lendHost();
    const file = join(host.scratchDir, 'file');
    await writeFile(file, '');
    await assert.rejects(openFolder(file, host), {
      failure: { code: 'TARGET_MISSING', origin: 'target', permanent: true, message: `${file} is no folder` },
    });
  });
});
