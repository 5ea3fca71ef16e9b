import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import type { Invocation } from '../cli/invocation.ts';
import { tellRestoreTroubles } from '../cli/verbs/restore.ts';
import { dataEntry, entries, folderEntry, makeRecipient, TestRepository } from '../engine/repository.fixture.ts';
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
