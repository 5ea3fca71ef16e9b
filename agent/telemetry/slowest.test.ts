import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Slowest } from './slowest.ts';

test('it keeps the slowest, and gives back each of the others once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), fc.integer({ min: 1, max: 20 }), (times, capacity) => {
      const slowest = new Slowest<number>(capacity);
      const given = times.map((ms, i) => slowest.add(i, ms)).filter((one) => one !== undefined);
      const kept = slowest.take();
      assert.deepEqual(slowest.take(), []);
      assert.equal(kept.length, Math.min(capacity, times.length));
      assert.deepEqual(
        [...kept, ...given].sort((a, b) => a - b),
        [...times.keys()],
      );
      const sorted = times.toSorted((a, b) => b - a).slice(0, capacity);
      assert.deepEqual(
        kept.map((i) => times[i] ?? -1).sort((a, b) => b - a),
        sorted,
      );
    }),
  );
});

test('without room nothing is kept', () => {
  assert.equal(new Slowest<string>(0).add('a', 1), 'a');
});
