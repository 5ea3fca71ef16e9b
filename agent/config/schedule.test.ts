import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseSchedule, type Schedule } from './schedule.ts';
import { longestGap, nextStarts } from './schedule-times.ts';
import type { ScheduleWritten } from './sections/schedules.ts';
import { respellTime } from './time-of-day.ts';

const HOUR = 3_600_000;

function read(written: ScheduleWritten): Schedule {
  const result = parseSchedule(written);
  assert.ok('schedule' in result, JSON.stringify(result));
  return result.schedule;
}

function mistake(written: ScheduleWritten): string {
  const result = parseSchedule(written);
  assert.ok('mistake' in result, `${JSON.stringify(written)} was understood`);
  const { code, field = '', suggestion = '' } = result.mistake;
  return [code, field, suggestion].filter(Boolean).join(' ');
}

const patterns = (written: ScheduleWritten) => {
  const schedule = read(written);
  return schedule.kind === 'interval' ? schedule.everyMs : schedule.patterns.join('; ');
};
const starts = (written: ScheduleWritten, from: string, count = 3) =>
  nextStarts(read(written), new Date(from), count).map((start) => start.toISOString().replace(':00.000Z', ''));

describe('schedules are understood as people write them', () => {
  const ways: readonly (readonly [ScheduleWritten, string | number])[] = [
    ['15m', 900_000],
    ['every 15m', 900_000],
    ['every 15 minutes', 900_000],
    ['Every 1h30m', 5_400_000],
    ['hourly', '0 * * * *'],
    ['daily at 02:00', '0 2 * * *'],
    ['at 2:05', '5 2 * * *'],
    ['nightly at 2am', '0 2 * * *'],
    ['daily at 02:00 and 2:30 pm', '0 2 * * *; 30 14 * * *'],
    ['weekdays at 07:00', '0 7 * * 1,2,3,4,5'],
    ['every weekday at 07:00', '0 7 * * 1,2,3,4,5'],
    ['weekly on sun at 03:00', '0 3 * * 0'],
    ['sundays at 03:00', '0 3 * * 0'],
    ['mon, Thursday at 07:00', '0 7 * * 1,4'],
    ['monthly on 1 at 04:00', '0 4 1 * *'],
    ['monthly on the 15th and last at 04:00', '0 4 15,L * *'],
    ['*/15 9-17 * * 1-5', '*/15 9-17 * * 1-5'],
    [{ every: '30s' }, 30_000],
    [{ at: '02:00' }, '0 2 * * *'],
    [{ at: ['02:00', '14:00'], on: ['sat', 'weekdays'] }, '0 2 * * 1,2,3,4,5,6; 0 14 * * 1,2,3,4,5,6'],
    [{ at: '04:00', day: [1, 'last'] }, '0 4 1,L * *'],
    [{ at: '04:00', day: 13, on: 'fri' }, '0 4 13 * +5'],
    [{ cron: ' 0 2 * * * ' }, '0 2 * * *'],
  ];
  for (const [written, meant] of ways) test(JSON.stringify(written), () => assert.equal(patterns(written), meant));

  test('with all that can be added to them', () => {
    const { jitterMs, catchUp, text, ...timing } = read({
      at: '02:00',
      timezone: 'Europe/London',
      jitter: '5m',
      catchUp: false,
    });
    assert.deepEqual(
      { jitterMs, catchUp, text },
      { jitterMs: 300_000, catchUp: false, text: 'daily at 02:00, Europe/London' },
    );
    assert.deepEqual(timing, { kind: 'calendar', patterns: ['0 2 * * *'], timezone: 'Europe/London', blackout: [] });
    assert.equal('timezone' in read('daily at 02:00 Europe/London'), true);
  });
});

test('what is no schedule is not guessed at', () => {
  for (const text of ['', 'soon', 'daily at noon-ish', 'daily at 25:00', 'monthly on 32 at 04:00', '* * *']) {
    assert.equal(mistake(text), 'HF2019', text);
  }
  assert.equal(mistake('daily'), 'HF2019 daily at 02:00', 'what it is called elsewhere is suggested, not taken');
  assert.equal(mistake('0 2 * * * *'), 'HF2019', 'seconds are no field of cron');
  assert.equal(mistake({ cron: '61 * * * *' }), 'HF2019 cron');
  assert.equal(mistake({ cron: '0 2 30 2 *' }), 'HF2019 cron');
  assert.equal(mistake({ at: '02:00', day: 13, on: 'fri', cron: '0 2 * * *' }), 'HF2019 cron');
  assert.equal(mistake({ jitter: '5m' }), 'HF2019');
  assert.equal(mistake({ every: '0s' }), 'HF2019 every');
  assert.equal(mistake('every 999999999w'), 'HF2019');
  assert.equal(
    mistake({ every: '24h', timezone: 'Asia/Tokyo', blackout: [{ between: '08:00-10:00' }] }),
    'HF2019 blackout',
  );
  assert.equal(mistake({ at: '02:00', blackout: [{ between: '01:00-03:00' }] }), 'HF2019 blackout');
  assert.equal(mistake({ every: '1d', timezone: 'UTC' }), 'HF2019 timezone');
  assert.equal(mistake({ cron: '0 2 * * *', day: 1 }), 'HF2019 day');
  assert.equal(mistake({ at: '02:00', timezone: 'Europe/Londn' }), 'HF2020 timezone Europe/London');
  assert.equal(mistake('daily at 02:00 Europe/Londn'), 'HF2020 Europe/London');
});

test('times of day are respelt, not guessed', () => {
  const respelt = ['2am', '12am', '12 p.m.', '2:30pm', '14.30', "3 o'clock", 'noon', '25h'].map(respellTime);
  assert.deepEqual(respelt, ['02:00', '00:00', '12:00', '14:30', '14:30', '03:00', undefined, undefined]);
});

describe('the next times', () => {
  test('of an interval do not depend on when one asks', () => {
    assert.deepEqual(starts('15m', '2026-11-25T12:01:00Z'), [
      '2026-11-25T12:15',
      '2026-11-25T12:30',
      '2026-11-25T12:45',
    ]);
    assert.deepEqual(starts('15m', '2026-11-25T12:15:00Z', 1), ['2026-11-25T12:30']);
  });

  test('of several times of day come in order, each once', () => {
    assert.deepEqual(starts({ at: ['14:00', '02:00', '02:00'], timezone: 'UTC' }, '2026-11-25T12:00:00Z'), [
      '2026-11-25T14:00',
      '2026-11-26T02:00',
      '2026-11-26T14:00',
    ]);
  });

  test('follow the clock of their zone over its changes', () => {
    const london = { at: '02:30', timezone: 'Europe/London' } as const;
    assert.deepEqual(starts(london, '2026-03-27T12:00:00Z'), [
      '2026-03-28T02:30',
      '2026-03-29T01:30',
      '2026-03-30T01:30',
    ]);
    assert.deepEqual(starts(london, '2026-10-24T12:00:00Z', 2), ['2026-10-25T02:30', '2026-10-26T02:30']);
  });

  test('are not in a blackout, in the zone of the schedule', () => {
    const friday = { on: 'fri', between: '12:00-16:00' } as const;
    const hourly = { cron: '0 * * * *', timezone: 'Europe/London', blackout: [friday] };
    assert.deepEqual(starts(hourly, '2026-11-27T10:30:00Z'), [
      '2026-11-27T11:00',
      '2026-11-27T16:00',
      '2026-11-27T17:00',
    ]);
    assert.deepEqual(starts({ ...hourly, timezone: 'Asia/Tokyo' }, '2026-11-27T01:30:00Z', 2), [
      '2026-11-27T02:00',
      '2026-11-27T07:00',
    ]);
    const nights: ScheduleWritten = { every: '1h', timezone: 'UTC', blackout: [{ on: 'mon', between: '22:00-02:00' }] };
    assert.deepEqual(starts(nights, '2026-11-23T20:30:00Z'), [
      '2026-11-23T21:00',
      '2026-11-24T02:00',
      '2026-11-24T03:00',
    ]);
  });

  test('of a day that not every month has', () => {
    assert.deepEqual(starts({ at: '00:00', day: 31, timezone: 'UTC' }, '2026-01-31T12:00:00Z', 2), [
      '2026-03-31T00:00',
      '2026-05-31T00:00',
    ]);
  });
});

describe('the longest gap', () => {
  const gaps: readonly (readonly [ScheduleWritten, number])[] = [
    ['15m', 0.25],
    ['hourly', 1],
    ['daily at 02:00', 24],
    [{ at: ['02:00', '14:00', '20:00'] }, 12],
    ['weekdays at 07:00', 72],
    ['sun at 03:00', 168],
    ['monthly on last at 04:00', 31 * 24],
    ['*/5 9-17 * * 1-5', 63 + 5 / 60],
    ['* * * 1 *', 335 * 24 + 1 / 60],
    ['0 2 29 2 *', 1461 * 24],
    [{ every: '1h', blackout: [{ between: '12:00-16:00' }] }, 5],
    [{ every: '30s', blackout: [{ on: 'sun' }] }, 24 + 30 / 3600],
    [{ every: '1s', blackout: [{ on: ['fri', 'sat'] }] }, 48 + 1 / 3600],
    [{ every: '5d', timezone: 'UTC', blackout: [{ on: 'fri' }] }, 240],
    [{ every: '24h', timezone: 'Asia/Tokyo', blackout: [{ between: '00:00-01:00' }] }, 24],
    ['0 2 * * 5#5', 119 * 24],
    [{ cron: '0 2 * * 5L' }, 35 * 24],
    [{ cron: '0 0 29 2 *', blackout: [{ on: 'tue' }] }, 1461 * 24],
    [{ at: '02:00', blackout: [{ on: 'fri', between: '12:00-16:00' }] }, 24],
    [{ at: '02:00', blackout: [{ on: ['sat', 'sun'] }] }, 72],
    [{ at: '04:00', day: 1, blackout: [{ on: 'weekends' }] }, 90 * 24],
  ];
  for (const [written, hours] of gaps) {
    test(`of ${JSON.stringify(written)}`, () => assert.equal(longestGap(read(written)), hours * HOUR));
  }

  test('is what walking through a fortnight finds, for any hours, minutes and days of the week', () => {
    const some = (max: number) => fc.uniqueArray(fc.integer({ min: 0, max }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(some(59), some(23), some(6), (minutes, hours, days) => {
        const schedule = read({ cron: `${minutes} ${hours} * * ${days}`, timezone: 'UTC' });
        let last = nextStarts(schedule, new Date('2026-01-01T00:00:00Z'), 1)[0]?.getTime() ?? 0;
        let longest = 0;
        for (const end = last + 15 * 24 * HOUR; last < end; ) {
          const [next] = nextStarts(schedule, new Date(last), 1);
          assert.ok(next);
          longest = Math.max(longest, next.getTime() - last);
          last = next.getTime();
        }
        assert.equal(longestGap(schedule), longest);
      }),
      { numRuns: 50 },
    );
  });
});
