import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Failure, HoldfastError } from '../contract/index.ts';
import { refusal } from '../repository/refusal.ts';
import { Patience } from './patience.ts';

const passing: Failure = { code: 'TARGET_UNAVAILABLE', message: 'no answer', origin: 'target', permanent: false };

/** Fails so often, then gives `read`; counts how often it was asked. */
function failing(times: number, failure: Failure = passing) {
  const asked = { count: 0 };
  return {
    asked,
    read: async () => {
      if (++asked.count <= times) throw new HoldfastError(failure);
      return 'read';
    },
  };
}

function patience(signal = new AbortController().signal): Patience {
  return new Patience(signal, [0, 0]);
}

for (const times of [0, 1, 2])
  test(`what fails ${times} times is given at attempt ${times + 1}`, async () => {
    const { asked, read } = failing(times);
    assert.equal(await patience().read(read), 'read');
    assert.equal(asked.count, times + 1);
  });

test('the third failure is thrown as it is', async () => {
  const { asked, read } = failing(3);
  await assert.rejects(patience().read(read), refusal('TARGET_UNAVAILABLE'));
  assert.equal(asked.count, 3);
});

for (const [what, failure] of [
  ['what cannot pass', { ...passing, permanent: true }],
  ['an object that is not there', { ...passing, code: 'OBJECT_MISSING', permanent: true }],
  ['damage', { ...passing, code: 'PACK_DAMAGED', origin: 'repository' }],
  ['a cancellation', { ...passing, code: 'CANCELLED', origin: 'agent' }],
] as const satisfies readonly (readonly [string, Failure])[])
  test(`not read again: ${what}`, async () => {
    const { asked, read } = failing(1, failure);
    await assert.rejects(patience().read(read), refusal(failure.code));
    assert.equal(asked.count, 1);
  });

test('a target that is gone is waited for eight times in all, and one that comes back begins anew', async () => {
  const shared = patience();
  const gone = failing(Number.POSITIVE_INFINITY);
  const attempts = async () => {
    const before = gone.asked.count;
    await assert.rejects(shared.read(gone.read), refusal('TARGET_UNAVAILABLE'));
    return gone.asked.count - before;
  };
  assert.deepEqual([await attempts(), await attempts(), await attempts(), await attempts()], [3, 3, 3, 3]);
  assert.deepEqual([await attempts(), await attempts()], [1, 1]);
  assert.equal(await shared.read(failing(0).read), 'read');
  assert.equal(await attempts(), 3);
});

test('nobody waits for what was given up', async () => {
  const cancel = new AbortController();
  const { asked, read } = failing(Number.POSITIVE_INFINITY);
  const reading = new Patience(cancel.signal, [2 ** 30]).read(read);
  setImmediate(() => cancel.abort());
  await assert.rejects(reading, refusal('TARGET_UNAVAILABLE'));
  assert.equal(asked.count, 1);
});
