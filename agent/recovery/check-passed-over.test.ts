import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { makeRecipient, noise, pieces, TestRepository } from '../engine/repository.fixture.ts';
import { verify } from './reading.fixture.ts';

const recipient = await makeRecipient();

test('what is no key, or of nobody that is approved, is said in a line for each folder, and damages nothing', async () => {
  await using r = await TestRepository.create({ plugins: builtinPlugins, recipient, targets: 2 });
  await r.runWith(async (out) => {
    await out.bytes('dump', pieces(noise(1, 50_000)), { chunker: 'cdc' });
    return { facts: null };
  });
  await verify(r, 'list', { record: true });
  const [stranger, hash] = ['ab'.repeat(16), 'cd'.repeat(32)];
  const [own = assert.fail()] = await r.keys('checks/');
  const junk = [
    own.replace(/\d{8}t/, '20261302t'),
    `checks/${stranger}/20260102t030405006z-${hash}`,
    'indexes/none',
    'marks/none',
    'packs/not-a-domain/at-all',
    'packs/other',
    `removals/${stranger}/0000000001-${hash}`,
    `sessions/${stranger}/${stranger}`,
    'sessions/none',
  ];
  for (const key of junk) {
    await mkdir(dirname(r.path(key, 'target-1')), { recursive: true });
    await writeFile(r.path(key, 'target-1'), 'junk');
  }
  for (const level of ['list', 'checksum', 'decrypt'] as const) {
    const { verdict, findings, notes, passedOver } = await verify(r, level);
    assert.deepEqual([verdict, findings, notes], ['ok', [], []]);
    const folders = Map.groupBy(junk.toSorted(), (key) => `${key.split('/')[0]}/`);
    assert.deepEqual(
      passedOver.toSorted((a, b) => (a.prefix < b.prefix ? -1 : 1)),
      [...folders]
        .filter(([prefix]) => level !== 'list' || !['packs/', 'indexes/'].includes(prefix))
        .map(([prefix, keys]) => ({ target: 'target-1', prefix, count: keys.length, first: keys[0] })),
    );
  }
});
