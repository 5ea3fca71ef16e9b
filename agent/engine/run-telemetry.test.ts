import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { RecordedTelemetry } from '../telemetry/recorded-telemetry.fixture.ts';
import { SPANNED_ARTIFACTS } from '../telemetry/slowest.ts';
import { STAGES } from '../workers/counters.ts';
import { makeRecipient, noise, pieces, TestRepository } from './repository.fixture.ts';

const recipient = await makeRecipient();

async function recorded() {
  const repository = await TestRepository.create({ plugins: builtinPlugins, recipient, targets: 2 });
  const telemetry = new RecordedTelemetry();
  return Object.assign(repository, { telemetry, engine: Object.assign(repository.engine, { telemetry }) });
}

const denied = { code: 'SOURCE_DENIED', message: 'no', origin: 'source', permanent: true, hint: 'ask' } as const;

test('a run says its sizes, chunks, stages, artifacts and outcome in metrics', async () => {
  await using r = await recorded();
  const report = await r.runWith(async (out) => {
    await out.bytes('one', pieces(noise(1, 100_000), 7000), { chunker: 'cdc' });
    await out.bytes('same', pieces(noise(1, 100_000), 9000), { chunker: 'cdc' });
    return { facts: null };
  });
  assert.equal(report.verdict, 'ok', `${report.failure?.message}`);
  const value = (name: string) => r.telemetry.values.get(name);
  assert.equal(value('holdfast.run.duration job memory ok'), report.durationMs / 1000);
  assert.equal(value('holdfast.job.last_success.time job memory'), Date.parse(report.finished) / 1000);
  assert.equal(value('holdfast.source.size job memory'), 200_000);
  assert.equal(value('holdfast.source.read job memory'), 200_000);
  assert.equal(value('holdfast.content.stored job memory'), report.totals.storedBytes);
  for (const target of ['target-0', 'target-1']) {
    assert.equal(value(`holdfast.repository.growth job ${target}`), report.stored.bytes);
  }
  const [fresh = 0, reused = 0] = ['new', 'reused'].map((state) => value(`holdfast.chunks job memory ${state}`));
  assert.equal(fresh, report.totals.newChunks);
  assert.equal(fresh + reused, report.counters.chunks);
  assert.ok(reused >= fresh - 1, `${reused} of ${fresh}`);
  assert.equal(value('holdfast.stage.io job chunk in'), 200_000);
  assert.equal(value('holdfast.artifacts job memory stored'), 2);
  assert.equal(value('holdfast.artifacts job memory failed'), 0);
  assert.equal(value('holdfast.skipped job memory'), 0);
  const [ended, ...more] = r.telemetry.logs;
  assert.deepEqual(more, []);
  assert.deepEqual([ended?.severity, ended?.message], ['info', 'backup job: ok']);
});

test('what was skipped is counted and logged; the last success is the one before', async () => {
  await using r = await recorded();
  const good = await r.runWith(async () => ({ facts: null }));
  r.telemetry.logs.length = 0;
  r.telemetry.values.clear();
  await r.runWith(async (out) => {
    for (let n = 0; n < 1000; n++) out.skip(`file ${n}`, denied);
    return { facts: null };
  });
  assert.equal(r.telemetry.values.get('holdfast.skipped job memory'), 1000);
  assert.equal(r.telemetry.values.get('holdfast.job.last_success.time job memory'), Date.parse(good.finished) / 1000);
  const [first] = r.telemetry.logs;
  assert.deepEqual([first?.event, first?.severity, first?.failure], ['holdfast.skipped', 'warn', denied]);
  assert.deepEqual(first?.attributes, { 'holdfast.skipped.what': 'file 0' });
  assert.equal(r.telemetry.logs.length, 256 + 1 + 1);
  assert.equal(r.telemetry.logs.at(-2)?.message, 'and 744 more');
  assert.deepEqual(
    [r.telemetry.logs.at(-1)?.severity, r.telemetry.logs.at(-1)?.attributes?.['holdfast.outcome']],
    ['warn', 'incomplete'],
  );
});

test('a run that fails says so, and counts the artifact that failed', async () => {
  await using r = await recorded();
  const report = await r.runWith(async (out) => {
    await out.bytes('good', pieces(noise(1, 1000), 100), { chunker: 'cdc' });
    async function* broken() {
      yield noise(2, 10);
      throw new Error('the disk is gone');
    }
    await out.bytes('bad', broken(), { chunker: 'cdc' });
    return { facts: null };
  });
  assert.equal(report.verdict, 'failed');
  assert.equal(r.telemetry.values.get('holdfast.artifacts job memory failed'), 1);
  assert.equal(r.telemetry.values.get('holdfast.artifacts job memory stored'), 1);
  assert.ok(!r.telemetry.values.has('holdfast.job.last_success.time job memory'));
  assert.ok(!r.telemetry.values.has('holdfast.source.size job memory'));
  const ended = r.telemetry.logs.at(-1);
  assert.deepEqual([ended?.severity, ended?.failure], ['error', report.failure]);
  const [root] = r.telemetry.roots;
  const bad = root?.all().find(({ attributes }) => attributes['holdfast.artifact.name'] === 'bad');
  assert.deepEqual(
    [bad?.name, bad?.failureCode, root?.failureCode],
    ['capture bytes', 'CAPTURE_FAILED', report.failure?.code],
  );
});

test('however many artifacts a run has, its trace stays of a size that can be read', async () => {
  await using r = await recorded();
  const many = SPANNED_ARTIFACTS + 44;
  const report = await r.runWith(async (out) => {
    for (let n = 0; n < many; n++) await out.bytes(`${n}`, pieces(noise(n, 50), 50), { chunker: 'cdc' });
    return { facts: null };
  });
  assert.equal(report.artifacts.length, many);
  const [root] = r.telemetry.roots;
  const capture = root?.children.find(({ name }) => name === 'capture');
  assert.equal(capture?.children.length, SPANNED_ARTIFACTS + 1);
  assert.equal(capture?.children.at(-1)?.attributes['holdfast.artifacts'], 44);
  assert.equal(root?.all().length, 4 + (SPANNED_ARTIFACTS + 1) * (1 + STAGES.length));
});
