import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Failure, Origin } from '../contract/index.ts';
import { advised, advisedReport } from './advice.ts';

const failure: Failure = { code: 'ANYTHING', message: 'x', origin: 'agent', permanent: true };

test('a failure without a hint gets one, wherever it came from; its own is kept', () => {
  const origins: readonly Origin[] = ['source', 'repository', 'target', 'policy', 'key', 'agent'];
  const hints = origins.map((origin) => advised({ ...failure, origin }).hint);
  assert.equal(new Set(hints).size, origins.length);
  for (const hint of hints) assert.ok(hint);
  assert.match(advised({ ...failure, permanent: false }).hint ?? '', /may pass/);
  assert.equal(advised({ ...failure, hint: 'Its own.' }).hint, 'Its own.');
});

test('of a secret of the policy it says nothing of keys', () => {
  for (const code of ['SECRET_MISSING', 'SECRET_UNSAFE'])
    assert.doesNotMatch(advised({ ...failure, code, origin: 'key' }).hint ?? '', /holdfast keys/);
});

test('a report keeps everything else; one without a failure is the same', () => {
  const report = { verdict: 'failed', failure };
  assert.deepEqual(advisedReport(report), { verdict: 'failed', failure: advised(failure) });
  const good: { verdict: string; failure?: Failure } = { verdict: 'ok' };
  assert.equal(advisedReport(good), good);
});
