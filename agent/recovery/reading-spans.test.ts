import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordedSpan } from '../telemetry/recorded-span.fixture.ts';
import { noReadCounters, READ_STAGES } from '../workers/counters.ts';
import { ReadingSpans } from './reading-spans.ts';

function readings(count: number, capacity: number): RecordedSpan {
  const spans = new ReadingSpans(capacity);
  for (let n = 0; n < count; n++) {
    const counters = noReadCounters();
    counters.decrypt.busyMs = n;
    counters.write.bytesOut = 10;
    spans.add({ body: { name: `${n}`, kind: 'tree', size: 7 }, counters, startedAt: 100 + n });
  }
  const phase = new RecordedSpan('restore');
  spans.emit(phase);
  return phase;
}

test('up to the capacity every artifact has a span, in the order in which they were read', () => {
  const phase = readings(3, 3);
  assert.deepEqual(
    phase.children.map(({ attributes }) => attributes['holdfast.artifact.name']),
    ['0', '1', '2'],
  );
  assert.ok(
    phase.children.every(({ name, children }) => name === 'read tree' && children.length === READ_STAGES.length),
  );
});

test('above it those that took the most work have one each, and all others one together', () => {
  const phase = readings(1000, 2);
  assert.equal(phase.all().length, 1 + 3 * (1 + READ_STAGES.length));
  assert.deepEqual(
    phase.children.map(({ name, attributes }) => [name, attributes['holdfast.artifact.name']]),
    [
      ['read tree', '998'],
      ['read tree', '999'],
      ['read rest', undefined],
    ],
  );
  const rest = phase.children.at(-1);
  assert.equal(rest?.startedAt, 100);
  assert.deepEqual(rest?.attributes, { 'holdfast.artifacts': 998, 'holdfast.artifact.size': 6986 });
  const written = rest?.children.find(({ name }) => name === 'stage write');
  assert.equal(written?.attributes['holdfast.stage.bytes_out'], 9980);
});
