import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HoldfastError } from '../contract/index.ts';
import { Calendar, PERIODS, type Period } from './calendar.ts';
import { DAY, HOUR, ZONES } from './history.fixture.ts';

const namesOf = (zone: string, period: Period, ...times: readonly string[]) => {
  const calendar = new Calendar(zone);
  return times.map((time) => calendar.nameOf(period, Date.parse(time)));
};

test('a day is that of the zone', () => {
  const times = ['2026-11-24T18:14Z', '2026-11-24T18:15Z', '2026-11-24T23:00Z'];
  assert.deepEqual(namesOf('Asia/Kathmandu', 'daily', ...times), ['2026-11-24', '2026-11-25', '2026-11-25']);
  assert.deepEqual(namesOf('Europe/Berlin', 'daily', ...times), ['2026-11-24', '2026-11-24', '2026-11-25']);
  assert.deepEqual(namesOf('America/Sao_Paulo', 'monthly', '2026-12-01T02:59Z', '2026-12-01T03:00Z'), [
    '2026-11',
    '2026-12',
  ]);
});

test('days of 23 and of 25 hours', () => {
  const short = ['2026-03-28T22:59Z', '2026-03-28T23:00Z', '2026-03-29T21:59Z', '2026-03-29T22:00Z'];
  assert.deepEqual(namesOf('Europe/Berlin', 'daily', ...short), [
    '2026-03-28',
    '2026-03-29',
    '2026-03-29',
    '2026-03-30',
  ]);
  const long = ['2026-10-24T21:59Z', '2026-10-24T22:00Z', '2026-10-25T22:59Z', '2026-10-25T23:00Z'];
  assert.deepEqual(namesOf('Europe/Berlin', 'daily', ...long), [
    '2026-10-24',
    '2026-10-25',
    '2026-10-25',
    '2026-10-26',
  ]);
});

test('the hour that comes twice is two, also where it is half of one', () => {
  assert.deepEqual(namesOf('Europe/Berlin', 'hourly', '2026-10-25T00:30Z', '2026-10-25T01:30Z'), [
    '2026-10-25T02+02:00',
    '2026-10-25T02+01:00',
  ]);
  const berlin = new Calendar('Europe/Berlin');
  const [first = 0, second = 0, next = 0] = ['2026-10-25T00:59Z', '2026-10-25T01:00Z', '2026-10-25T02:00Z'].map(
    (text) => berlin.keyOf('hourly', Date.parse(text)),
  );
  assert.ok(first < second && second < next);
  // At 3:45 of +13:45 it is set back to 2:45 of +12:45.
  const chatham = new Calendar('Pacific/Chatham');
  const [late = 0, early = 0, after = 0] = ['2026-04-04T13:59Z', '2026-04-04T14:00Z', '2026-04-04T14:15Z'].map((text) =>
    chatham.keyOf('hourly', Date.parse(text)),
  );
  assert.ok(late < early && early < after);
  // At 2:00 of +11:00 it is set back to 1:30 of +10:30, on the first Sunday of April.
  const half = ['2026-04-04T14:45Z', '2026-04-04T15:15Z', '2026-04-04T15:30Z'];
  assert.deepEqual(namesOf('Australia/Lord_Howe', 'hourly', ...half), [
    '2026-04-05T01+11:00',
    '2026-04-05T01+10:30',
    '2026-04-05T02+10:30',
  ]);
  assert.deepEqual(namesOf('America/St_Johns', 'hourly', '2026-01-01T03:29Z'), ['2025-12-31T23-03:30']);
});

test('weeks as ISO 8601 numbers them', () => {
  const [sunday, monday, leap, long] = [
    '2026-11-22T12:00Z',
    '2026-11-23T12:00Z',
    '2024-12-30T12:00Z',
    '2021-01-03T12:00Z',
  ];
  assert.deepEqual(namesOf('UTC', 'weekly', sunday ?? '', monday ?? '', leap ?? '', long ?? '', '2027-01-01T00:00Z'), [
    '2026-W47',
    '2026-W48',
    '2025-W01',
    '2020-W53',
    '2026-W53',
  ]);
});

test('so many months before is a date, where it has 29 days too, and where a day never was', () => {
  const before = (zone: string, now: string, months: number) =>
    new Date(new Calendar(zone).before(Date.parse(now), { months, milliseconds: 0 })).toISOString().slice(0, 16);
  assert.equal(before('UTC', '2024-02-29T13:00Z', 12), '2023-02-28T00:00');
  assert.equal(before('UTC', '2024-03-31T13:00Z', 1), '2024-02-29T00:00');
  assert.equal(before('Europe/Berlin', '2026-05-15T13:00Z', 3), '2026-02-14T23:00');
  assert.equal(before('Europe/Berlin', '2026-07-31T22:30Z', 1), '2026-06-30T22:00');
  // Clocks went back from one o'clock: midnight came twice.
  assert.equal(before('America/Havana', '2026-12-01T12:00Z', 1), '2026-11-01T04:00');
  // Samoa went over the date line: 29 December was followed by the 31st, at 10:00 of UTC.
  assert.equal(before('Pacific/Apia', '2012-01-30T00:00Z', 1), '2011-12-30T10:00');
  // Midnight was skipped: that day began at one o'clock, at 3:00 of UTC.
  assert.equal(before('America/Sao_Paulo', '2018-12-04T12:00Z', 1), '2018-11-04T03:00');
  assert.equal(new Calendar('UTC').before(0, { months: 0, milliseconds: 90 }), -90);
});

test('what is no zone is said to be none', () => {
  assert.throws(
    () => new Calendar('Europe/Atlantis'),
    (error) => error instanceof HoldfastError && error.failure.code === 'TIMEZONE_UNKNOWN',
  );
});

/** When clocks went back in Berlin, São Paulo, on Lord Howe and on Chatham, and when Samoa left out a day. */
const CHANGES = [
  '2026-10-25T01:00Z',
  '2018-02-18T02:00Z',
  '2026-04-04T15:00Z',
  '2026-04-04T14:00Z',
  '2011-12-30T10:00Z',
];
const time = fc.oneof(
  fc.integer({ min: Date.UTC(1971, 0, 1), max: Date.UTC(2060, 0, 1) }),
  fc
    .tuple(fc.constantFrom(...CHANGES), fc.integer({ min: -3 * HOUR, max: 3 * HOUR }))
    .map(([change, apart]) => Date.parse(change) + apart),
);

test('of two times, the later is never of an earlier period, and both have one key when they have one name', () => {
  const apart = fc.oneof(fc.integer({ min: 0, max: 3 * HOUR }), fc.integer({ min: 0, max: 800 * DAY }));
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), fc.constantFrom(...PERIODS), time, apart, (zone, period, earlier, gap) => {
      const calendar = new Calendar(zone);
      const [a, b] = [calendar.keyOf(period, earlier), calendar.keyOf(period, earlier + gap)];
      assert.ok(a <= b);
      assert.equal(a === b, calendar.nameOf(period, earlier) === calendar.nameOf(period, earlier + gap));
    }),
    { numRuns: 2000 },
  );
});

test('days, months and years are those that Intl tells', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), time, (zone, milliseconds) => {
      const told = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
      const calendar = new Calendar(zone);
      const text = told.format(milliseconds);
      assert.equal(calendar.nameOf('daily', milliseconds), text.slice(0, 10));
      assert.equal(calendar.nameOf('monthly', milliseconds), text.slice(0, 7));
      assert.equal(calendar.nameOf('yearly', milliseconds), text.slice(0, 4));
      assert.equal(calendar.nameOf('hourly', milliseconds).slice(11, 13), text.slice(11, 13));
    }),
    { numRuns: 500 },
  );
});
