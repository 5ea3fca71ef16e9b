import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemorySink } from './memory-sink.ts';

async function* nothing(): AsyncGenerator<never> {}

test('attributes that are no values of a span, or the agent’s own, are noted', async () => {
  const sink = new MemorySink();
  const good = { 'db.namespace': 'trading', 'db.response.returned_rows': 0, cached: false };
  await sink.bytes('good', nothing(), { chunker: 'cdc', attributes: () => good });
  assert.deepEqual(sink.violations, []);
  await sink.bytes('own', nothing(), { chunker: 'cdc', attributes: () => ({ 'holdfast.artifact.name': 'x' }) });
  await sink.tree('odd', nothing(), { attributes: () => ({ rows: null }) as never });
  assert.deepEqual(sink.violations, [
    'own: the attribute holdfast.artifact.name is the agent’s own',
    'odd: the attribute rows is neither text, number nor boolean',
  ]);
});
