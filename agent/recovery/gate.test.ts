import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Gate } from './gate.ts';

test('never more than the limit are inside, in the order they came, also when some fail', async () => {
  const gate = new Gate(2);
  let inside = 0;
  let most = 0;
  const began: number[] = [];
  const results = await Promise.allSettled(
    Array.from({ length: 9 }, (_, i) =>
      gate.run(async () => {
        began.push(i);
        most = Math.max(most, ++inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside--;
        if (i % 3 === 0) throw new Error('planned');
        return i;
      }),
    ),
  );
  assert.equal(most, 2);
  assert.equal(inside, 0);
  assert.deepEqual(began, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(
    results.map(({ status }) => status === 'rejected'),
    [true, false, false, true, false, false, true, false, false],
  );
});
