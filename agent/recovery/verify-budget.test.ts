import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coverageOf, TimeShares, type ToRead, toRead } from './verify-budget.ts';

const object = (name: string, size: number): ToRead => ({ key: `packs/${name}`, name, size });
const objects = [object('a', 100), object('b', 100), object('c', 800), object('d', 0)];
const nas = { target: 'nas', level: 'checksum' } as const;
const names = (some: readonly ToRead[]) => some.map(({ name }) => name).join('');

test('what was never found good comes first, then what was the longest ago', () => {
  assert.equal(names(toRead(objects, new Map())), 'abcd');
  const good = new Map([
    ['a', 30],
    ['b', 10],
    ['d', 20],
  ]);
  assert.equal(names(toRead(objects, good)), 'cbda');
});

test('a share is so many bytes at least, and one object at the least', () => {
  assert.equal(names(toRead(objects, new Map(), 0.1)), 'a');
  assert.equal(names(toRead(objects, new Map(), 0.11)), 'ab');
  assert.equal(names(toRead(objects, new Map(), 0.0001)), 'a');
  assert.equal(names(toRead([object('d', 0)], new Map(), 0.5)), 'd');
  assert.equal(names(toRead([], new Map(), 0.5)), '');
});

test('repeated, any share comes round to everything, and no object waits for ever while others are added', () => {
  for (const share of [0.01, 0.3, 0.99]) {
    const good = new Map<string, number>();
    const all = [...objects];
    for (let round = 1; round <= 20; round++) {
      for (const { name = '' } of toRead(all, good, share)) good.set(name, round);
      if (round % 3 === 0) all.push(object(`new ${round}`, 50));
    }
    assert.deepEqual(
      objects.filter(({ name = '' }) => !good.has(name)),
      [],
      `${share}`,
    );
  }
});

test('it is said what was read, what never was, and how long ago the rest', () => {
  const good = new Map([
    ['a', Date.UTC(2026, 10, 2)],
    ['b', Date.UTC(2026, 10, 1)],
  ]);
  assert.deepEqual(coverageOf(nas, objects, objects.slice(0, 2), good), {
    ...{ ...nas, read: 2, readBytes: 200, objects: 4, bytes: 1000, never: 2 },
    oldest: '2026-11-01T00:00:00.000Z',
  });
  assert.equal(coverageOf(nas, objects, [], new Map()).oldest, null);
});

test('what comes last gets its share of the time, and what others did not use', () => {
  const time = new TimeShares(900, 3, 1000);
  assert.equal(time.next(1000), 1300);
  assert.equal(time.next(1100), 1500, 'the first used 100 of its 300');
  time.pause(5000);
  assert.equal(time.next(6500), 6900, 'a passphrase that was waited for costs nothing');
  const none = new TimeShares(undefined, 2, 0);
  assert.deepEqual([none.next(0), none.next(1e9)], [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
});
