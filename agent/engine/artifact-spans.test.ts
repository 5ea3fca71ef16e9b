import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordedSpan } from '../telemetry/recorded-span.fixture.ts';
import { noCounters, STAGES } from '../workers/counters.ts';
import { ArtifactSpans, type EndedArtifact } from './artifact-spans.ts';

function artifact(name: string, startedAt: number, ms: number): EndedArtifact {
  const counters = { ...noCounters(), chunks: 2, newChunks: 1 };
  counters.stages.chunk.bytesIn = 10;
  const counted = { size: 10, entries: 3, files: 2, unchanged: 1, changedWhileRead: 0, changedPaths: [], counters };
  return { name, kind: 'bytes', startedAt, endedAt: startedAt + ms, captured: { name, kind: 'bytes', ...counted } };
}

test('up to the capacity each artifact has a span of its own time, and every stage below it', () => {
  const spans = new ArtifactSpans(2);
  spans.add(artifact('late', 50, 1));
  spans.add(artifact('early', 10, 5));
  const phase = new RecordedSpan('capture');
  spans.emit(phase);
  assert.deepEqual(
    phase.children.map(({ name, startedAt, endedAt, attributes }) => [
      name,
      attributes['holdfast.artifact.name'],
      startedAt,
      endedAt,
    ]),
    [
      ['capture bytes', 'early', 10, 15],
      ['capture bytes', 'late', 50, 51],
    ],
  );
  const [early] = phase.children;
  assert.deepEqual(
    early?.children.map(({ name }) => name),
    STAGES.map((stage) => `stage ${stage}`),
  );
  assert.ok(early?.children.every(({ startedAt, endedAt }) => startedAt === 10 && endedAt === 15));
});

test('above it the slowest have one each, and all others one together that adds them up', () => {
  const spans = new ArtifactSpans(3);
  for (let n = 0; n < 5000; n++) spans.add(artifact(`${n}`, 100 + n, n % 1000));
  const phase = new RecordedSpan('capture');
  spans.emit(phase);
  assert.equal(phase.all().length, 1 + 4 * (1 + STAGES.length));
  const rest = phase.children.at(-1);
  assert.equal(rest?.name, 'capture rest');
  assert.equal(rest?.attributes['holdfast.artifacts'], 4997);
  assert.equal(rest?.attributes['holdfast.artifact.size'], 49_970);
  assert.equal(rest?.attributes['holdfast.chunks.new'], 4997);
  assert.equal(rest?.attributes['holdfast.artifact.name'], undefined);
  assert.deepEqual([rest?.startedAt, rest?.endedAt], [100, 6098]);
  const chunk = rest?.children.find(({ name }) => name === 'stage chunk');
  assert.equal(chunk?.attributes['holdfast.stage.bytes_in'], 49_970);
  const own = phase.children.slice(0, -1).map(({ startedAt, endedAt = 0 }) => endedAt - startedAt);
  assert.deepEqual(own, [999, 999, 999]);
});

test('an artifact that failed keeps its span, however fast it failed', () => {
  const spans = new ArtifactSpans(2);
  spans.add({ name: 'broken', kind: 'tree', startedAt: 5, endedAt: 5 });
  for (let n = 0; n < 10; n++) spans.add(artifact(`${n}`, 10, 1000 + n));
  const phase = new RecordedSpan('capture');
  spans.emit(phase);
  const [broken] = phase.children;
  assert.deepEqual([broken?.name, broken?.failureCode, broken?.children.length], ['capture tree', 'CAPTURE_FAILED', 0]);
});

test('what the source says of an artifact stands on its span, and never in the place of what the agent says', () => {
  const spans = new ArtifactSpans(1);
  const attributes = { 'db.namespace': 'trading', 'holdfast.artifact.name': 'another' };
  spans.add({ ...artifact('orders', 1, 1), attributes });
  const phase = new RecordedSpan('capture');
  spans.emit(phase);
  const [span] = phase.children;
  assert.deepEqual(
    ['db.namespace', 'holdfast.artifact.name'].map((name) => span?.attributes[name]),
    ['trading', 'orders'],
  );
});

test('what was emitted is not emitted again, what ended later is', () => {
  const spans = new ArtifactSpans(1);
  for (const name of ['a', 'b']) spans.add(artifact(name, 1, 1));
  spans.emit(new RecordedSpan('capture'));
  const phase = new RecordedSpan('capture');
  spans.emit(phase);
  assert.deepEqual(phase.children, []);
  spans.add(artifact('c', 1, 1));
  spans.emit(phase);
  assert.equal(phase.children.length, 1);
});
