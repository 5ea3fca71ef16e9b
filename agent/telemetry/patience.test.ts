import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Patience } from './patience.ts';

const never = new Promise<void>(() => {});

test('what ends in time is covered', async () => {
  assert.equal(await new Patience(60_000).covers(Promise.resolve()), true);
});

test('patience is used up once, and what is done already is covered even then', async () => {
  const patience = new Patience(200);
  assert.equal(await patience.covers(never), false);
  // Timers fire in the order in which they are due: it is due at once, not in 200 ms again.
  const sooner = Promise.withResolvers<string>();
  setTimeout(sooner.resolve, 100, 'a timer of 100 ms');
  assert.equal(await Promise.race([patience.covers(never), sooner.promise]), false);
  assert.equal(await patience.covers(Promise.resolve()), true);
});

test('it can be renewed', async () => {
  const patience = new Patience(5);
  await patience.covers(never);
  patience.renew();
  const { promise, resolve } = Promise.withResolvers<void>();
  const covered = patience.covers(promise);
  setImmediate(resolve);
  assert.equal(await covered, true);
});
