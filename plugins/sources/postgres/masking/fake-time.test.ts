import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { distinct } from './distinct.fixture.ts';
import { FakeTime } from './fake-time.ts';
import { Permutation } from './permutation.ts';

const time = new FakeTime(new Permutation(Buffer.alloc(32, 5)));

test('every day becomes another of its year', () => {
  const days = (from: string, count: number) =>
    Array.from({ length: count }, (_, i) => new Date(Date.parse(from) + i * 86_400_000).toISOString().slice(0, 10));
  for (const year of [days('2023-01-01', 365), days('2024-01-01', 366), days('1900-01-01', 365)])
    assert.deepEqual(year.map((day) => time.of(day)).sort(), year);
  assert.notDeepEqual(
    days('2023-01-01', 365).map((day) => time.of(day).slice(5)),
    days('2022-01-01', 365).map((day) => time.of(day).slice(5)),
  );
  const first = Array.from(
    { length: 38 },
    (_, i) => `4714-${i < 7 ? `11-${24 + i}` : `12-${`${i - 6}`.padStart(2, '0')}`} BC`,
  );
  assert.deepEqual(first.map((day) => time.of(day)).sort(), first);
  assert.match(time.of('294276-12-31 23:59:59.999999+00'), /^294276-\d\d-\d\d \d\d:\d\d:\d\d\.\d{5}[1-9]\+00$/);
  for (const kept of ['infinity', '-infinity', '24:00:00']) assert.equal(time.of(kept), kept);
});

test('times of the day and moments stay different, and are some', () => {
  const clock = Array.from({ length: 86_400 }, (_, i) => new Date(i * 1000).toISOString().slice(11, 19));
  assert.deepEqual(clock.map((one) => time.of(one)).sort(), clock);
  const tenths = Array.from({ length: 36_000 }, (_, i) =>
    new Date(i * 100)
      .toISOString()
      .slice(11, 23)
      .replace(/\.?0+$/, ''),
  ).filter((one) => /\./.test(one));
  distinct(
    tenths.map((one) => time.of(one)),
    tenths,
  );
  for (const one of tenths) assert.match(time.of(one), /\.\d*[1-9]$/, 'not the same as one without');
  fc.assert(
    fc.property(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      const value = `${date.toISOString().slice(0, 19).replace('T', ' ')}+00`;
      const made = time.of(value);
      assert.equal(
        new Date(made.replace(' ', 'T').replace('+00', 'Z')).toISOString().slice(0, 19),
        made.slice(0, 19).replace(' ', 'T'),
      );
      assert.equal(made.slice(0, 4), value.slice(0, 4));
    }),
  );
});
