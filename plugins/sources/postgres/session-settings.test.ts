import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startupOptions } from './session-settings.ts';

const names = (version?: number) => [...startupOptions(version).matchAll(/-c (\w+)=/g)].map(([, name]) => name);

test('a server is told nothing that its version does not know: it would let nobody in', () => {
  const always = names();
  assert.ok(always.includes('statement_timeout') && always.includes('idle_in_transaction_session_timeout'));
  assert.deepEqual(names(130_022), always);
  assert.deepEqual(names(140_000), [...always, 'idle_session_timeout']);
  assert.deepEqual(names(170_002), [...always, 'idle_session_timeout', 'transaction_timeout']);
});
