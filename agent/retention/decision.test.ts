import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Duration } from '../config/duration.ts';
import type { Keep } from '../config/policy.ts';
import { HoldfastError } from '../contract/index.ts';
import { decideRetention } from './decision.ts';
import { DAY, HOUR, idsKept, none, snapshotAt, snapshotsAt } from './history.fixture.ts';
import type { Hold } from './hold.ts';
import { planRows } from './rows.ts';
import type { Snapshot } from './snapshot.ts';

const now = new Date('2026-11-25T12:00:00Z');
const circumstances = { now, timezone: 'UTC', holds: [] as readonly Hold[] };
const kept = (snapshots: readonly Snapshot[], keep: Keep | undefined, minimum?: Duration, changed = {}) =>
  idsKept(
    decideRetention(
      snapshots,
      { ...(keep && { keep }), ...(minimum && { minimum }) },
      { ...circumstances, ...changed },
    ),
  );
const reasonsOf = (snapshots: readonly Snapshot[], keep: Keep, minimum?: Duration) =>
  Object.fromEntries(
    planRows(decideRetention(snapshots, { keep, ...(minimum && { minimum }) }, circumstances)).map(
      ({ id, because }) => [id, because],
    ),
  );
/** One every `step` hours, so many of them, the newest half a step ago and first. */
const every = (step: number, count: number): Snapshot[] =>
  Array.from({ length: count }, (_, index) =>
    snapshotAt(new Date(now.getTime() - (index + 0.5) * step * HOUR).toISOString().slice(0, 16), count - index),
  );

describe('what stays', () => {
  test('everything, without rules, or with none in them', () => {
    for (const keep of [undefined, {}, { daily: 0 }, { last: Number.NaN }]) {
      assert.equal(kept(every(1, 50), keep).length, 50, JSON.stringify(keep));
    }
    assert.deepEqual(decideRetention([], { keep: { last: 3 } }, circumstances), []);
  });

  test('the newest of each of so many periods that have one, with every reason', () => {
    const days = snapshotsAt('2026-11-19T09:00', '2026-11-20T09:00', '2026-11-25T01:00', '2026-11-25T09:00');
    assert.deepEqual(reasonsOf(days, { daily: 2, weekly: 1, last: 1, within: { months: 0, milliseconds: 2 * DAY } }), {
      '2026-11-25T09:00': [
        'the newest complete one of its group',
        'last 1 of 1',
        'within 2d',
        'daily 1 of 2 (2026-11-25)',
        'weekly 1 of 1 (2026-W48)',
      ],
      '2026-11-25T01:00': ['within 2d'],
      '2026-11-20T09:00': ['daily 2 of 2 (2026-11-20)'],
      '2026-11-19T09:00': [],
    });
    assert.deepEqual(kept(days, { hourly: 3 }), ['2026-11-25T09:00', '2026-11-25T01:00', '2026-11-20T09:00']);
  });

  test('what is younger than so many months: to the day, and to the last of a month that has no such day', () => {
    const within = { within: { months: 3, milliseconds: 0 } };
    const around = snapshotsAt('2026-08-24T23:59', '2026-08-25T00:00', '2026-11-25T00:00');
    assert.deepEqual(kept(around, within), ['2026-11-25T00:00', '2026-08-25T00:00']);
    const leap = snapshotsAt('2024-02-28T23:59', '2024-02-29T00:00', '2024-05-30T00:00');
    const changed = { now: new Date('2024-05-31T12:00Z') };
    assert.deepEqual(kept(leap, within, undefined, changed), ['2024-05-30T00:00', '2024-02-29T00:00']);
  });

  test('everything, when the span is longer than time', () => {
    const old = snapshotsAt('0001-01-01T00:00', '1970-01-01T00:00', '2026-01-01T00:00');
    for (const span of [
      { months: 999_999_999 * 12, milliseconds: 0 },
      { months: 0, milliseconds: 9e15 },
      { months: 3_600_000, milliseconds: 9e15 },
    ]) {
      assert.equal(kept(old, { within: span }).length, 3);
      assert.equal(kept(old, { yearly: 1 }, span).length, 3);
    }
  });
});

describe('minimum', () => {
  const year = { months: 12, milliseconds: 0 };

  test('one of each of the longest periods for so long, whatever the counts say', () => {
    assert.equal(kept(every(24, 500), { daily: 2, monthly: 3 }).length, 4);
    // November of the year before has begun before the promise, and is not over before it.
    assert.equal(kept(every(24, 500), { daily: 2, monthly: 3 }, year).length, 14);
    assert.equal(kept(every(24, 500), { daily: 2 }, year).length, 366);
    const march = snapshotsAt('2024-02-28T00:00', '2024-03-05T00:00', '2024-03-31T00:00', '2024-04-01T00:00');
    const minimum = { months: 32, milliseconds: 0 };
    assert.deepEqual(reasonsOf(march, { monthly: 1 }, minimum)['2024-03-31T00:00'], [
      'minimum 32mo: the month 2024-03',
    ]);
    assert.deepEqual(reasonsOf(march, { monthly: 1 }, minimum)['2024-02-28T00:00'], []);
  });

  test('also of a month whose only one is older than the promise, as the month is not', () => {
    const months = snapshotsAt('2025-10-30T00:00', '2025-11-02T00:00', '2026-11-24T00:00');
    assert.deepEqual(kept(months, { monthly: 1 }, year), ['2026-11-24T00:00', '2025-11-02T00:00']);
  });

  test('each of them, when no period is named', () => {
    assert.equal(kept(every(24, 500), { last: 2 }, { months: 0, milliseconds: 30 * DAY }).length, 30);
  });

  test('what is incomplete, of a period that has nothing else', () => {
    const months = snapshotsAt('2026-08-02T00:00?', '2026-08-03T00:00?', '2026-09-02T00:00', '2026-09-03T00:00?');
    assert.deepEqual(kept(months, { monthly: 1 }, year), ['2026-09-02T00:00', '2026-08-03T00:00?']);
  });
});

describe('a group', () => {
  test('is never emptied, and keeps its newest complete one', () => {
    const short = { within: { months: 0, milliseconds: HOUR } };
    assert.deepEqual(kept(snapshotsAt('2020-01-01T00:00', '2020-01-02T00:00'), short), ['2020-01-02T00:00']);
    assert.deepEqual(kept(snapshotsAt('2020-01-01T00:00?', '2020-01-02T00:00?'), short), ['2020-01-02T00:00?']);
    assert.deepEqual(kept(snapshotsAt('2020-01-01T00:00', '2020-01-02T00:00?'), short), ['2020-01-01T00:00']);
  });

  test('counts for itself', () => {
    const [first, second, third] = snapshotsAt('2020-01-01T00:00', '2020-01-02T00:00', '2020-01-03T00:00');
    assert.ok(first && second && third);
    assert.deepEqual(kept([{ ...first, group: 'b' }, second, third], { last: 1 }), [first.id, third.id]);
  });

  test('keeps what was written last, where a wrong clock dates it before all others', () => {
    const wrong = snapshotsAt('2026-11-23T00:00', '2026-11-24T00:00', '1970-01-01T00:00');
    assert.deepEqual(reasonsOf(wrong, { last: 1 })['1970-01-01T00:00'], ['the one of its group that was written last']);
    assert.deepEqual(kept([...wrong, snapshotAt('2026-11-25T00:00', 4)], { last: 1 }), ['2026-11-25T00:00']);
  });

  test('of two of one time, has the one as the newer that was written later', () => {
    const [first, second] = snapshotsAt('2026-11-25T00:00', '2026-11-25T00:00');
    assert.ok(first && second);
    const pair = [
      { ...first, id: 'z' },
      { ...second, id: 'b' },
    ];
    for (const listed of [pair, pair.toReversed()]) assert.deepEqual(kept(listed, { last: 1 }), ['b']);
  });

  test('has no two snapshots of one id', () => {
    const twice = [snapshotAt('2026-11-25T00:00', 1), snapshotAt('2026-11-25T00:00', 2)];
    assert.throws(
      () => kept(twice, { last: 1 }),
      (error) => error instanceof HoldfastError && error.failure.code === 'SNAPSHOT_TWICE',
    );
  });
});

describe('what is incomplete', () => {
  test('displaces no complete one of its period, nor of another', () => {
    const two = snapshotsAt('2026-11-24T01:00', '2026-11-25T01:00', '2026-11-25T09:00?');
    assert.deepEqual(reasonsOf(two, { daily: 2 })['2026-11-25T01:00'], [
      'the newest complete one of its group',
      'daily 1 of 2 (2026-11-25), and an incomplete one does not displace it',
    ]);
    assert.deepEqual(kept(two, { daily: 2 }), ['2026-11-25T01:00', '2026-11-24T01:00']);
    const flood = ['2026-11-25T02:00?', '2026-11-25T03:00?', '2026-11-25T04:00?'];
    const complete = ['2026-11-25T01:00', '2026-11-24T01:00'];
    for (const keep of [{ last: 2 }, { hourly: 2 }]) {
      assert.deepEqual(
        kept(snapshotsAt(...complete.toReversed(), ...flood), keep).filter((id) => !id.endsWith('?')),
        complete,
      );
    }
  });

  test('stands beside them for a period that has nothing else', () => {
    const days = snapshotsAt('2026-11-22T01:00', '2026-11-23T01:00', '2026-11-24T01:00?', '2026-11-24T02:00?');
    assert.deepEqual(reasonsOf(days, { daily: 2 }), {
      '2026-11-24T02:00?': ['daily, beside the 2: 2026-11-24 has no complete one'],
      '2026-11-24T01:00?': [],
      '2026-11-23T01:00': ['the newest complete one of its group', 'daily 1 of 2 (2026-11-23)'],
      '2026-11-22T01:00': ['daily 2 of 2 (2026-11-22)'],
    });
    const never = every(24, 30).map((snapshot): Snapshot => ({ ...snapshot, verdict: 'incomplete' }));
    assert.equal(kept(never, { daily: 14 }).length, 14);
  });
});

describe('a wrong clock', () => {
  test('dates snapshots in the future: they stay, and nothing gives way to them', () => {
    const past = snapshotsAt('2026-11-23T01:00', '2026-11-24T01:00');
    const future = ['2026-11-26T01:00', '2027-11-27T01:00', '9999-01-01T00:00'].map((text, at) =>
      snapshotAt(text, at + 3),
    );
    for (const keep of [{ last: 2 }, { daily: 2 }, { yearly: 1, last: 2 }]) {
      assert.equal(kept([...past, ...future], keep).length, 5);
      assert.deepEqual(kept(past, keep).length, 2);
    }
    assert.deepEqual(
      kept([...past, ...future], { last: 1 })
        .toReversed()
        .slice(0, 1),
      ['2026-11-24T01:00'],
    );
  });

  test('or of whoever decides: everything stays that is later than now', () => {
    const days = every(24, 10);
    assert.equal(kept(days, { last: 1 }, undefined, { now: new Date(0) }).length, 10);
    assert.equal(kept(days, { last: 1 }, undefined, { now: new Date(Number.NaN) }).length, 10);
  });

  test('a time that cannot be read is none to forget by', () => {
    const undated: Snapshot = { ...snapshotAt('2026-11-25T01:00', 9), id: 'undated', time: new Date(Number.NaN) };
    const snapshots = [...snapshotsAt('2026-11-23T01:00', '2026-11-24T01:00'), undated];
    assert.deepEqual(kept(snapshots, { last: 1 }), ['undated', '2026-11-24T01:00']);
    const [row] = planRows(decideRetention(snapshots, { keep: { last: 1 } }, circumstances));
    assert.deepEqual(row, {
      group: 'a',
      id: 'undated',
      time: '',
      verdict: 'complete',
      action: 'keep',
      because: ['in the future, or of no time: nothing gives way to it'],
    });
  });
});

describe('a hold', () => {
  const days = snapshotsAt('2026-11-22T01:00', '2026-11-23T01:00', '2026-11-24T01:00');
  const hold = { by: 'legal', why: 'case 12' };
  const heldBy = (...holds: readonly Hold[]) => kept(days, { last: 1 }, none, { holds });

  test('keeps snapshots, groups or everything, beside every other reason', () => {
    assert.equal(heldBy(hold).length, 3);
    assert.equal(heldBy({ ...hold, groups: ['a'] }).length, 3);
    assert.deepEqual(heldBy({ ...hold, groups: ['b'], snapshots: [] }), ['2026-11-24T01:00']);
    assert.deepEqual(heldBy({ ...hold, snapshots: ['2026-11-22T01:00'] }), ['2026-11-24T01:00', '2026-11-22T01:00']);
    const until = new Date('2027-01-01T00:00Z');
    const rows = planRows(
      decideRetention(days, { keep: { last: 1 } }, { ...circumstances, holds: [hold, { ...hold, until }] }),
    );
    assert.deepEqual(rows[0]?.because, [
      'the newest complete one of its group',
      'last 1 of 1',
      'hold by legal without end: case 12',
      'hold by legal until 2027-01-01T00:00:00.000Z: case 12',
    ]);
    assert.equal(rows[2]?.because.length, 2);
  });

  test('ends after its last moment, and not when that cannot be read', () => {
    assert.equal(heldBy({ ...hold, until: now }).length, 3);
    assert.equal(heldBy({ ...hold, until: new Date(now.getTime() - 1) }).length, 1);
    assert.equal(heldBy({ ...hold, until: new Date(Number.NaN) }).length, 3);
  });
});
