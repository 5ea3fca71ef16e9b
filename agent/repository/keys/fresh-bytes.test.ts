import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { CAUSE, type CopyRequest, type Drawn } from './copied-machine.fixture.ts';
import { freshBytes, freshId } from './fresh-bytes.ts';

/** Draws of a machine whose random source, clock, process and thread are those of every other copy of it. */
async function copyOf(request: CopyRequest): Promise<Drawn> {
  const copy = new Worker(new URL('./copied-machine.fixture.ts', import.meta.url), { workerData: request });
  const [drawn] = await once(copy, 'message');
  await copy.terminate();
  return drawn;
}

test('one draw is not another, in the length that was asked for', () => {
  const drawn = Array.from({ length: 100 }, () => Buffer.from(freshBytes(32)).toString('hex'));
  assert.equal(new Set(drawn).size, 100);
  assert.deepEqual(
    [0, 1, 16, 32].map((length) => freshBytes(length).length),
    [0, 1, 16, 32],
  );
  assert.match(freshId(), /^[0-9a-f]{32}$/);
  assert.throws(() => freshBytes(33), RangeError);
});

test('two copies of a machine that agree in everything never seal two things under one key and nonce', async () => {
  const [one, other, again] = await Promise.all(['one', 'other', 'one'].map((content) => copyOf({ content })));
  assert.ok(one && other && again);
  // They are copies: of the same they make the very same, which tells nobody anything.
  assert.deepEqual(again, one);
  for (const what of ['record', 'snapshot', 'message'] as const) assert.notEqual(other[what], one[what], what);
  // The one thing that cannot be bound to what is sealed, since that is not known yet: the birth of a pack. FORMAT.md, section 20.
  assert.equal(other.pack, one.pack);
});

for (const [differs, request] of [
  ['a nanosecond', { ns: '1' }],
  ['a millisecond of the calendar', { ms: 1 }],
  ['the process', { pid: 7 }],
  ['the thread', { thread: 7 }],
  ['one draw before', { before: 1 }],
] as const) {
  test(`copies that differ by ${differs} make births of their own`, async () => {
    const [one, other] = await Promise.all([copyOf({ content: 'one' }), copyOf({ content: 'one', ...request })]);
    for (const what of ['record', 'snapshot', 'message', 'pack'] as const)
      assert.notEqual(other[what], one[what], what);
  });
}

test('bytes that are divided otherwise are bound otherwise', async () => {
  const [one, other] = await Promise.all([
    copyOf({ content: 'one', bound: ['ab', 'c'] }),
    copyOf({ content: 'one', bound: ['a', 'bc'] }),
  ]);
  assert.notEqual(one.bound, other.bound);
});

test('a source that gives nothing is said, and what to look at', async () => {
  const { failure } = await copyOf({ content: 'one', fails: true });
  assert.equal(failure?.code, 'RANDOMNESS_UNAVAILABLE');
  assert.equal(failure.origin, 'agent');
  assert.match(failure.message, new RegExp(CAUSE));
  assert.match(failure.hint ?? '', /urandom/);
});
