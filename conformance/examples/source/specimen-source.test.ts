import assert from 'node:assert/strict';
import { readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { lendHost, MemorySink, MemorySnapshot } from 'holdfast/conformance';
import { SpecimenSource } from './specimen-source.ts';

const request = { select: null, parallel: 1, lastOf: () => undefined };

describe('specimen', () => {
  it('does not follow links, and names them', async () => {
    await using host = await lendHost();
    await writeFile(join(host.scratchDir, 'plain'), 'text');
    await symlink('plain', join(host.scratchDir, 'linked'));
    await using source = new SpecimenSource({ folder: host.scratchDir }, host);
    const sink = new MemorySink();
    assert.deepEqual(await source.backup(request, sink), { facts: { files: 1 } });
    assert.deepEqual(
      sink.skipped.map(({ what }) => what),
      ['linked'],
    );
  });

  it('refuses names that lead out of the folder, planned or not', async () => {
    await using host = await lendHost();
    await using source = new SpecimenSource({ folder: host.scratchDir }, host);
    const into = { folder: join(host.scratchDir, 'into') };
    const restore = { at: 'latest', select: null, into, conflict: 'replace', parallel: 1 } as const;
    for (const name of ['../out', '..', '.', '', '/out', 'a/b', 'a\0']) {
      const hostile = new MemorySnapshot(new Map([[name, { kind: 'bytes', facts: null, data: Buffer.from('x') }]]));
      await assert.rejects(source.plan(restore, hostile), /is no name of a file/);
      await assert.rejects(source.restore({ steps: [], state: null }, restore, hostile), /is no name of a file/);
    }
    assert.deepEqual(await readdir(host.scratchDir), ['into']);
  });
});
