import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logFew } from './few.ts';
import type { LogEntry, RunTrace } from './trace.ts';

function logged(count: number): LogEntry[] {
  const entries: LogEntry[] = [];
  const trace: Pick<RunTrace, 'log'> = { log: (entry) => void entries.push(entry) };
  logFew(trace, [...Array(count).keys()], (n) => ({ severity: 'warn', message: `${n}`, event: 'holdfast.skipped' }));
  return entries;
}

test('few are logged one by one', () => {
  assert.equal(logged(0).length, 0);
  assert.equal(logged(256).at(-1)?.message, '255');
  assert.equal(logged(256).length, 256);
});

test('of many the first are, and one says how many more there are', () => {
  const entries = logged(1_000_000);
  assert.equal(entries.length, 257);
  assert.deepEqual(entries.at(-1), { severity: 'warn', message: 'and 999744 more', event: 'holdfast.skipped' });
});
