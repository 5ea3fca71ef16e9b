import assert from 'node:assert/strict';
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Catalog } from '../catalog/catalog.ts';
import { builtinPlugins } from '../cli/builtin.ts';
import { makeRecipient, TestRepository } from '../engine/repository.fixture.ts';
import type { RunReport } from '../engine/run-report.ts';
import { LAST_SEQUENCE, snapshotKey } from '../repository/layout.ts';
import { verify } from './reading.fixture.ts';

const recipient = await makeRecipient();

interface Scene extends AsyncDisposable {
  readonly r: TestRepository;
  /** Backs up other content each time. */
  run(): Promise<RunReport>;
}

async function scene(): Promise<Scene> {
  const r = await TestRepository.create({ plugins: builtinPlugins, recipient });
  const file = join(r.folder, 'file');
  const source = r.files({ paths: [file] });
  let count = 0;
  return {
    r,
    async run() {
      await writeFile(file, `${count++}`);
      return r.run({ source });
    },
    [Symbol.asyncDispose]: () => r[Symbol.asyncDispose](),
  };
}

const codes = ({ problems }: RunReport) => problems.map(({ code }) => code).sort();

async function withState(r: TestRepository, stateFolder: string, work: () => Promise<unknown>): Promise<void> {
  const { stateFolder: before, catalog } = r.engine;
  using other = Catalog.open(stateFolder, (message) => r.warnings.push(message));
  Object.assign(r.engine, { stateFolder, catalog: other });
  await work();
  Object.assign(r.engine, { stateFolder: before, catalog });
}

test('a target that went back to an older copy: the next snapshot follows the one that is gone, and nobody else is blamed', async () => {
  await using s = await scene();
  const first = (await s.run()).snapshot ?? assert.fail();
  const second = (await s.run()).snapshot ?? assert.fail();
  await rm(s.r.path(second.key));
  const stored = s.r.engine.catalog.runs.lastStored();
  const before = await verify(s.r, 'list', { stored });
  assert.deepEqual(
    before.findings.map(({ object, failure, snapshots }) => [object, failure.code, snapshots]),
    [[second.key, 'SNAPSHOT_VANISHED', [second.id]]],
  );
  // Whoever may only add objects neither hides that nor ends the numbers.
  const forged = first.key.replace(/\d+$/, `${LAST_SEQUENCE}`);
  await writeFile(s.r.path(forged), 'garbage');
  const next = await s.run();
  assert.deepEqual([next.verdict, next.snapshot?.sequence], ['ok', 3], `${next.failure?.message}`);
  assert.deepEqual(codes(next), ['OBJECT_DAMAGED', 'SNAPSHOT_VANISHED']);
  const { findings } = await verify(s.r, 'list', { stored: s.r.engine.catalog.runs.lastStored() });
  assert.deepEqual(
    findings.map(({ object, failure, snapshots }) => [object, failure.code, snapshots]).sort(),
    [
      [next.snapshot?.key, 'CHAIN_BROKEN', [second.id]],
      [forged, 'OBJECT_DAMAGED', []],
    ],
    'the hole stays to be seen, by the name of what is gone',
  );
  assert.deepEqual(codes(await s.run()), ['OBJECT_DAMAGED'], 'it is said once');
});

test('a chain that began anew elsewhere: what lies under the number of the last one is told as another', async () => {
  await using s = await scene();
  const { r } = s;
  const first = (await s.run()).snapshot ?? assert.fail();
  const clone = join(r.folder, 'clone');
  await cp(r.stateFolder, clone, { recursive: true });
  const second = (await s.run()).snapshot ?? assert.fail();
  await rm(r.path(second.key));
  await withState(r, clone, async () => assert.equal((await s.run()).snapshot?.key, second.key));
  const stored = r.engine.catalog.runs.lastStored();
  const { findings } = await verify(r, 'list', { stored });
  assert.deepEqual(
    findings.map(({ object, failure }) => [object, failure.code]),
    [[second.key, 'SNAPSHOT_REPLACED']],
  );
  const next = await s.run();
  assert.deepEqual([codes(next), next.snapshot?.sequence], [['SNAPSHOT_REPLACED'], 3]);
  assert.equal(first.sequence, 1);
});

test('what was stored with other keys, for another repository, is not missed', async () => {
  await using s = await scene();
  const { key, hash } = (await s.run()).snapshot ?? assert.fail();
  const job = key.split('/')[2] ?? '';
  const elsewhere = { job, source: 'files', key: snapshotKey('ab'.repeat(16), job, 7), hash };
  assert.deepEqual((await verify(s.r, 'list', { stored: [elsewhere] })).findings, []);
});
