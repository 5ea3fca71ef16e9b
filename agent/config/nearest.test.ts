import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { editDistance, nearest } from './nearest.ts';

test('one swap, one letter too few, too many or wrong is one edit', () => {
  assert.equal(editDistance('retention', 'retnetion'), 1);
  assert.equal(editDistance('retention', 'retenton'), 1);
  assert.equal(editDistance('retention', 'retenntion'), 1);
  assert.equal(editDistance('retention', 'retension'), 1);
  assert.equal(editDistance('ca', 'abc'), 3);
  assert.equal(editDistance('', 'abc'), 3);
});

test('distances are symmetric, zero for equals only, and the bound changes nothing below it', () => {
  const word = fc.stringMatching(/^[abc]{0,7}$/);
  fc.assert(
    fc.property(word, word, fc.integer({ min: 1, max: 9 }), (a, b, bound) => {
      const distance = editDistance(a, b);
      assert.equal(distance, editDistance(b, a));
      assert.equal(distance === 0, a === b);
      assert.equal(Math.min(editDistance(a, b, bound), bound), Math.min(distance, bound));
    }),
  );
});

test('the nearest name is suggested, and none when nothing is near', () => {
  const fields = ['source', 'select', 'schedule', 'pipeline', 'targets', 'retention'];
  assert.equal(nearest('sorce', fields), 'source');
  assert.equal(nearest('target', fields), 'targets');
  assert.equal(nearest('RETENTION', fields), 'retention');
  assert.equal(nearest('public_key', ['publicKey']), 'publicKey');
  assert.equal(nearest('sched', fields), 'schedule');
  assert.equal(nearest('volume', fields), undefined);
  assert.equal(nearest('x', fields), undefined);
  assert.equal(nearest('', fields), undefined);
  assert.equal(nearest('a'.repeat(100_000), fields), undefined);
});
