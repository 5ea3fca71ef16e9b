import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { type Failure, fail } from '../contract/index.ts';
import { makeRecipient, noise, pieces, TestRepository } from '../engine/repository.fixture.ts';
import { loadMarks } from '../repository/marks.ts';
import { refusal } from '../repository/refusal.ts';
import { loadSessions } from '../repository/sessions.ts';
import { verify } from './reading.fixture.ts';

const recipient = await makeRecipient();
const SECTOR: Failure = { code: 'TARGET_IO', message: 'a bad sector', origin: 'target', permanent: true };

/** A repository with two sessions, and a mark that nobody can believe. */
async function repository() {
  const r = await TestRepository.create({ plugins: builtinPlugins, recipient });
  for (const seed of [1, 2])
    await r.runWith(async (out) => {
      await out.bytes('dump', pieces(noise(seed, 50_000)), { chunker: 'cdc' });
      return { facts: null };
    });
  const [pack = assert.fail()] = await r.keys('packs/');
  const mark = `marks/${pack.split('/')[1]}/${'ab'.repeat(32)}`;
  await mkdir(dirname(r.path(mark)), { recursive: true });
  await writeFile(r.path(mark), noise(3, 200));
  const [unread = assert.fail(), damaged = assert.fail()] = await r.keys('sessions/');
  await r.flip(damaged, -1);
  return { r, mark, unread, damaged };
}

test('a session and a mark that a target does not give are findings beside what is damaged, and all else is looked at', async () => {
  const { r, mark, unread, damaged } = await repository();
  await using _ = r;
  r.hooks.get = (_, key) => {
    if (key === unread || key === mark) fail(SECTOR);
  };
  const { verdict, findings, checked, failure } = await verify(r, 'decrypt');
  assert.deepEqual([verdict, failure], ['damaged', undefined]);
  assert.deepEqual(
    findings.map((one) => [one.object, one.failure.code, one.failure.hint?.includes('holdfast repair') ?? false]),
    [
      [unread, 'TARGET_IO', false],
      [damaged, 'SIGNATURE_INVALID', true],
      [mark, 'TARGET_IO', false],
    ],
  );
  assert.ok(checked.frames > 0);
  // Whoever prunes, or begins to write, must not go on without them.
  await using store = await r.openStore();
  const [target = assert.fail()] = store.targets;
  const writers = await r.writers(store);
  await assert.rejects(loadSessions(target, writers), refusal('TARGET_IO'));
  await assert.rejects(loadMarks(target, writers), refusal('TARGET_IO'));
});

test('where sessions or marks cannot be listed, that is the finding', async () => {
  const { r } = await repository();
  await using _ = r;
  r.hooks.list = (_, prefix) => {
    if (prefix === 'sessions/' || prefix === 'marks/') fail(SECTOR);
  };
  const { findings, checked, failure } = await verify(r, 'checksum');
  assert.deepEqual(
    [failure, findings.map(({ object, target, failure: { code } }) => [object, target, code])],
    [undefined, ['sessions/', 'marks/'].map((prefix) => [prefix, 'target-0', 'TARGET_IO'])],
  );
  assert.ok(checked.packs > 0);
});
