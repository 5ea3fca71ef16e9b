import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTraceparent } from './traceparent.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

test('a parent is read, with its sampling decision', () => {
  assert.deepEqual(parseTraceparent(`00-${traceId}-${spanId}-01`), { traceId, spanId, sampled: true });
  assert.deepEqual(parseTraceparent(`00-${traceId}-${spanId}-02`), { traceId, spanId, sampled: false });
});

test('a later version may say more than this one knows', () => {
  assert.deepEqual(parseTraceparent(`cc-${traceId}-${spanId}-01-what-comes-then`), { traceId, spanId, sampled: true });
  assert.equal(parseTraceparent(`cc-${traceId}-${spanId}-01.what`), undefined);
});

for (const [why, text] of [
  ['version ff', `ff-${traceId}-${spanId}-01`],
  ['more than version 00 has', `00-${traceId}-${spanId}-01-more`],
  ['a zero trace id', `00-${'0'.repeat(32)}-${spanId}-01`],
  ['a zero span id', `00-${traceId}-${'0'.repeat(16)}-01`],
  ['capitals', `00-${traceId.toUpperCase()}-${spanId}-01`],
  ['a short trace id', `00-${traceId.slice(1)}-${spanId}-01`],
  ['an end too early', `00-${traceId}-${spanId}`],
  ['a newline after it', `00-${traceId}-${spanId}-01\n`],
  ['nothing', ''],
] as const) {
  test(`${why} is malformed`, () => assert.equal(parseTraceparent(text), undefined));
}

test('no text makes it throw', () => {
  fc.assert(fc.property(fc.string(), (text) => parseTraceparent(text) === undefined));
});
