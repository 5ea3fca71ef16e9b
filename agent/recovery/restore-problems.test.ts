import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import type { Invocation } from '../cli/invocation.ts';
import { tellRestoreTroubles } from '../cli/verbs/restore.ts';
import { dataEntry, entries, folderEntry, makeRecipient, noise, TestRepository } from '../engine/repository.fixture.ts';
import { unlockIdentity } from '../repository/keys/identity.ts';
import { restore } from './reading.fixture.ts';
import type { RestoreReport } from './restore.ts';

const recipient = await makeRecipient();
const create = () => TestRepository.create({ plugins: builtinPlugins, recipient });

function told(report: RestoreReport): string {
  const said: string[] = [];
  const terminal = { options: { verbose: false }, warn: (text: string) => said.push(text) };
  tellRestoreTroubles({ terminal, signal: new AbortController().signal } as unknown as Invocation, report);
  return said.join('\n');
}

async function capture(r: TestRepository, skipped: number): Promise<void> {
  await r.runWith(
    async (out) => {
      await out.tree('files', entries(folderEntry(''), dataEntry('a', Buffer.from('kept'))));
      for (let i = 0; i < skipped; i++) {
        out.skip(`${i}`, { code: 'SOURCE_DENIED', message: `cannot read ${i}`, origin: 'source', permanent: true });
      }
      return { facts: null };
    },
    { source: { name: 'files', type: 'memory', options: {}, at: { file: '', line: 1, column: 1 } } },
  );
}

test('what an incomplete snapshot lacks is said when it is restored', async () => {
  await using r = await create();
  await capture(r, 2);
  const report = await restore(r, r.files({ paths: [r.folder] }), join(r.folder, 'restored'));
  assert.equal(report.verdict, 'ok', `${report.failure?.message}`);
  assert.deepEqual(
    report.problems.map(({ code }) => code),
    ['SNAPSHOT_INCOMPLETE'],
  );
  assert.match(told(report), /2 of what it should hold/);
});

test('a newer snapshot that was passed over, because it is damaged, is named', async () => {
  await using r = await create();
  await capture(r, 0);
  await capture(r, 0);
  const newest = (await r.keys('snapshots/')).at(-1);
  assert.ok(newest);
  await writeFile(r.path(newest), 'damaged');
  const report = await restore(r, r.files({ paths: [r.folder] }), join(r.folder, 'restored'));
  assert.equal(report.verdict, 'ok', `${report.failure?.message}`);
  assert.ok(told(report).includes(newest), told(report));
});

/** Small files of before, and such of after a reader was added. */
async function captureWithReader(r: TestRepository, early = ['early'], late = ['late']) {
  const source = { name: 'files', type: 'memory', options: {}, at: { file: '', line: 1, column: 1 } };
  const reader = await makeRecipient('reader');
  const publicKey = join(r.folder, 'reader.asc');
  await writeFile(publicKey, reader.publicKey);
  const readers = [...r.recipients, { name: 'reader', publicKey, at: source.at }];
  for (const [paths, recipients] of [
    [early, r.recipients],
    [[...early, ...late], readers],
  ] as const) {
    const report = await r.runWith(
      async (out) => {
        const files = paths.map((path, i) => dataEntry(path, Buffer.from(noise(i + 1, 3000))));
        await out.tree('files', entries(folderEntry(''), ...files));
        return { facts: null };
      },
      { source, recipients },
      { recipients },
    );
    assert.equal(report.verdict, 'ok', `${report.failure?.message}`);
  }
  return () => unlockIdentity(reader.privateKey, '');
}

test('what lies in an epoch that a key does not open, or that is gone, keeps no neighbour from being restored', async () => {
  await using r = await create();
  const identity = await captureWithReader(r);
  const folder = join(r.folder, 'restored');
  const source = r.files({ paths: [r.folder] });
  const assertLate = async (report: RestoreReport, code: string) => {
    assert.equal(report.verdict, 'incomplete');
    assert.deepEqual(
      report.skipped.map(({ what, failure }) => [what, failure.code]),
      [['early', code]],
    );
    assert.deepEqual(await readFile(join(folder, 'late')), Buffer.from(noise(2, 3000)));
    await rm(folder, { recursive: true });
  };
  await assertLate(await restore(r, source, folder, { identity }), 'WRONG_KEY');
  const [early = assert.fail()] = r.created
    .filter((name) => name.includes(' keys/epochs/'))
    .map((name) => name.split(' ')[1]);
  await rm(r.path(early ?? ''));
  await assertLate(await restore(r, source, folder), 'OBJECT_MISSING');
});

test('finding the files of a batch that cannot be had reads little again', async () => {
  await using r = await create();
  const names = (prefix: string) => Array.from({ length: 100 }, (_, i) => `${prefix} ${String(i).padStart(2, '0')}`);
  const identity = await captureWithReader(r, names('early'), names('late'));
  r.reads.length = 0;
  const report = await restore(r, r.files({ paths: [r.folder] }), join(r.folder, 'restored'), { identity });
  assert.deepEqual([report.skipped.length, report.facts], [100, { ...(report.facts as object), files: 100 }]);
  const read = r.reads.filter(({ key }) => key.startsWith('packs/')).reduce((sum, { bytes }) => sum + bytes, 0);
  // Each alone: 100 times the frame that all of the late ones lie in, 30 MB.
  assert.ok(read < 12 * 100 * 3000, `${read} bytes read for 200 files of 3000 bytes`);
});
