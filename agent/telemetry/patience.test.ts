import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Patience } from './patience.ts';

const never = new Promise<void>(() => {});

test('what ends in time is covered', async () => {
  assert.equal(await new Patience(60_000).covers(Promise.resolve()), true);
});

test('patience is used up once, and what is done already is covered even then', async () => {
  const patience = new Patience(10);
  assert.equal(await patience.covers(never), false);
  const begun = performance.now();
  for (let n = 0; n < 100; n++) assert.equal(await patience.covers(never), false);
  assert.equal(await patience.covers(Promise.resolve()), true);
  assert.ok(performance.now() - begun < 10_000, 'a hundred waits cost what timers cost');
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
