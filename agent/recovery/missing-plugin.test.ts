import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import type { Job } from '../config/policy.ts';
import type { PluginRegistry } from '../config/registry.ts';
import { definePlugin } from '../contract/index.ts';
import { dataEntry, entries, folderEntry, makeRecipient, TestRepository } from '../engine/repository.fixture.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';
import { plugin as backwards } from './backwards-codec.fixture.ts';
import { absentCodecs } from './missing-plugin.ts';
import { restore, verify, withSnapshot } from './reading.fixture.ts';

const recipient = await makeRecipient();
const module = import.meta.resolve('./backwards-codec.fixture.ts');
const codec = { plugin: backwards, module, from: '@example/backwards/codec' };
const at = { file: '', line: 1, column: 1 };

/** A repository, and the same agent with and without the codec. */
async function create(): Promise<{ r: TestRepository; without: PluginRegistry }> {
  const r = await TestRepository.create({ plugins: builtinPlugins, recipient });
  return { r, without: r.engine.registry };
}

function use(r: TestRepository, registry: PluginRegistry): void {
  Object.assign(r.engine, { registry });
}

async function run(r: TestRepository, content: string, over: Partial<Job>): Promise<void> {
  const report = await r.runWith(async (out) => {
    await out.tree('files', entries(folderEntry(''), dataEntry('a', Buffer.from(content.repeat(1000)))));
    return { facts: null };
  }, over);
  assert.equal(report.verdict, 'ok', `${report.failure?.message}`);
}

const named = (name: string): Partial<Job> => ({ name, source: { name, type: 'memory', options: {}, at } });
const packedBackwards = (r: TestRepository): Partial<Job> => ({
  ...named('odd'),
  pipeline: { ...r.job().pipeline, compress: { type: 'backwards', options: { works: true } } },
});

describe('a codec from outside', () => {
  test('is named by the snapshot, with version and module; built-in plugins without a module', async () => {
    const { r, without } = await create();
    await using _ = r;
    use(r, without.with(codec));
    await run(r, 'kept', packedBackwards(r));
    await withSnapshot(
      r,
      async (_, { snapshot }) => {
        assert.deepEqual(snapshot.opened.header.pipeline, {
          source: { type: 'memory', version: '0.0.0' },
          chunk: { type: 'fastcdc', version: '0.1.0', options: { min: 1024, avg: 4096, max: 16_384 } },
          compress: {
            type: 'backwards',
            version: '3.2.1',
            from: '@example/backwards/codec',
            id: 222,
            options: { works: true },
          },
          encrypt: 'aes-256-gcm',
          checksum: 'sha256',
        });
      },
      { source: 'odd' },
    );
  });

  test('that is gone is named, with what brings it back; whatever was made without it restores', async () => {
    const { r, without } = await create();
    await using _ = r;
    await run(r, 'ordinary', named('even'));
    use(r, without.with(codec));
    await run(r, 'kept', packedBackwards(r));
    use(r, without);
    const files = (name: string) => r.files({ paths: [r.folder] }, name);
    const lost = await restore(r, files('odd'), join(r.folder, 'lost'));
    assert.equal(lost.failure?.code, 'CODEC_UNKNOWN');
    assert.match(lost.failure.message, /codec plugin "backwards" 3\.2\.1 \(@example\/backwards\/codec\) is not here/);
    assert.match(lost.failure.hint ?? '', /^npm install @example\/backwards@3\.2\.1 beside the policy/);
    const found = await restore(r, files('even'), join(r.folder, 'found'));
    assert.equal(found.verdict, 'ok', `${found.failure?.message}`);
    assert.equal(await readFile(join(r.folder, 'found/a'), 'utf8'), 'ordinary'.repeat(1000));
    const checked = await verify(r, 'decrypt');
    assert.equal(checked.verdict, 'damaged');
    const [finding, ...others] = checked.findings.map(({ failure }) => failure);
    assert.deepEqual(others, [], 'one finding, however many frames need it');
    assert.match(finding?.message ?? '', /^2 frames cannot be decompressed: codec plugin "backwards" 3\.2\.1/);
    use(r, without.with(codec));
    const back = await restore(r, files('odd'), join(r.folder, 'back'));
    assert.equal(back.verdict, 'ok', `${back.failure?.message}`);
    assert.equal((await verify(r, 'decrypt')).verdict, 'ok');
  });

  test('that cannot be made breaks what needs it and nothing else', async () => {
    const { r, without } = await create();
    await using _ = r;
    await run(r, 'ordinary', named('even'));
    use(r, without.with(codec));
    await run(r, 'kept', packedBackwards(r));
    const options = structuredClone(backwards.options);
    Object.assign(options.properties.works, { default: false });
    use(r, without.with({ ...codec, plugin: definePlugin({ ...backwards, options }) }));
    const files = (name: string) => r.files({ paths: [r.folder] }, name);
    const lost = await restore(r, files('odd'), join(r.folder, 'lost'));
    assert.equal(lost.failure?.code, 'NO_LICENCE');
    const found = await restore(r, files('even'), join(r.folder, 'found'));
    assert.equal(found.verdict, 'ok', `${found.failure?.message}`);
  });
});

test('a source plugin that is gone is named before anything is asked or written', async () => {
  const { r, without } = await create();
  await using _ = r;
  const memory = without.get('source', 'memory');
  assert.ok(memory);
  const diary = { plugin: { ...memory, name: 'diary', version: '0.4.0' }, module: 'file:///x', from: '../diary.ts' };
  use(r, without.with(diary));
  const spec = { name: 'day', type: 'diary', options: {}, at };
  await run(r, 'dear', { name: 'day', source: spec });
  use(r, without);
  const asked = restore(r, r.files({ paths: [r.folder] }, 'day'), join(r.folder, 'lost'), {
    identity: () => assert.fail('asked for a key'),
  });
  const { failure } = await asked;
  assert.equal(failure?.code, 'PLUGIN_MISSING');
  assert.match(failure.message, /was made by source plugin "diary" 0\.4\.0 \(\.\.\/diary\.ts\), which is not here/);
  assert.match(failure.hint ?? '', /bring back \.\.\/diary\.ts and name it under "plugins"/);
});

test('what a snapshot says of its pipeline is not believed to be of any form', () => {
  const snapshot = (pipeline: unknown) => ({ id: 'x', opened: { header: { pipeline } } }) as unknown as StoredSnapshot;
  const odd = [
    null,
    5,
    'x',
    [],
    {},
    { compress: null },
    { compress: [] },
    { compress: { type: 1, version: {}, id: 'a' } },
  ];
  assert.deepEqual(absentCodecs(odd.map(snapshot), builtinPlugins()), {});
  const known = snapshot({ compress: { type: 'zstd', version: '0.1.0', id: 1 } });
  assert.deepEqual(absentCodecs([known], builtinPlugins()), {});
  const named = absentCodecs([snapshot({ compress: { type: 'rot', version: '1.0.0', id: 200 } })], builtinPlugins());
  assert.match(named[200]?.hint ?? '', /bring back its module/);
});
