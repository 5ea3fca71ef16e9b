import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decideRetention, type KeepRules, type Kept, type Span } from './retention.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const now = new Date('2026-11-25T12:00:00Z');

/** Snapshots that finished at these times. */
const at = (...times: readonly string[]): Kept[] =>
  times.map((time) => ({ id: time, finished: new Date(`${time}Z`), complete: true }));
/** One every `step` hours, so many of them, the newest first. */
const every = (step: number, count: number): Kept[] =>
  Array.from({ length: count }, (_, index) => {
    const finished = new Date(now.getTime() - (index + 0.5) * step * HOUR);
    return { id: finished.toISOString(), finished, complete: true };
  });
const kept = (snapshots: readonly Kept[], rules: KeepRules | undefined, minimum?: Span) =>
  decideRetention(snapshots, rules, minimum, now).keep.map(({ id }) => id);

describe('retention keeps', () => {
  test('everything, without rules', () => {
    assert.equal(kept(every(1, 50), undefined).length, 50);
    assert.deepEqual(decideRetention([], { last: 3 }, undefined, now), { keep: [], remove: [] });
  });

  test('the newest of each of so many periods that have one', () => {
    const days = at('2026-11-25T01:00', '2026-11-25T09:00', '2026-11-20T09:00', '2026-11-19T09:00');
    assert.deepEqual(kept(days, { daily: 2 }), ['2026-11-25T09:00', '2026-11-20T09:00']);
    assert.deepEqual(kept(days, { hourly: 2 }), ['2026-11-25T09:00', '2026-11-25T01:00']);
    assert.deepEqual(kept(days, { last: 2 }), ['2026-11-25T09:00', '2026-11-25T01:00']);
    assert.deepEqual(kept(days, { within: { months: 0, milliseconds: 12 * HOUR } }), [
      '2026-11-25T09:00',
      '2026-11-25T01:00',
    ]);
  });

  test('weeks from Monday to Sunday, and months and years as the calendar has them', () => {
    const around = at('2026-11-23T00:00', '2026-11-22T23:59', '2026-11-16T00:00', '2026-11-15T23:59');
    assert.deepEqual(kept(around, { weekly: 9 }), ['2026-11-23T00:00', '2026-11-22T23:59', '2026-11-15T23:59']);
    const leap = at('2024-03-01T00:00', '2024-02-29T23:59', '2024-02-01T00:00', '2023-12-31T23:59');
    assert.deepEqual(kept(leap, { monthly: 9 }), ['2024-03-01T00:00', '2024-02-29T23:59', '2023-12-31T23:59']);
    assert.deepEqual(kept(leap, { yearly: 9 }), ['2024-03-01T00:00', '2023-12-31T23:59']);
  });

  test('what is younger than so many months, to the day', () => {
    const month = { months: 3, milliseconds: 0 };
    assert.deepEqual(kept(at('2026-11-25T00:00', '2026-08-25T12:01', '2026-08-25T11:59'), { within: month }), [
      '2026-11-25T00:00',
      '2026-08-25T12:01',
    ]);
  });

  test('one of each of the longest periods for as long as is promised, whatever the counts say', () => {
    const snapshots = every(24, 400);
    const promised = { months: 12, milliseconds: 0 };
    assert.equal(kept(snapshots, { daily: 2, monthly: 3 }).length, 4);
    assert.equal(kept(snapshots, { daily: 2, monthly: 3 }, promised).length, 14);
  });

  test('a complete one before an incomplete one, and the newest complete one always', () => {
    const [newest, ...older] = at('2026-11-25T09:00', '2026-11-25T01:00', '2026-11-24T01:00');
    assert.ok(newest);
    const snapshots = [{ ...newest, complete: false }, ...older];
    assert.deepEqual(kept(snapshots, { daily: 1 }), ['2026-11-25T01:00']);
    assert.deepEqual(kept([{ ...newest, complete: false }], { daily: 1 }), ['2026-11-25T09:00']);
  });
});

describe('of any snapshots and any rules', () => {
  const snapshot = fc.record({
    id: fc.uuid(),
    finished: fc.date({ min: new Date(now.getTime() - 900 * DAY), max: now, noInvalidDate: true }),
    complete: fc.boolean(),
  });
  const snapshots = fc.uniqueArray(snapshot, { selector: ({ id }) => id, maxLength: 60 });
  const count = fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined });
  const rules = fc
    .record({ last: count, hourly: count, daily: count, weekly: count, monthly: count, yearly: count })
    .map((all): KeepRules => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));
  const minimum = fc.option(
    fc.record({ months: fc.integer({ min: 0, max: 30 }), milliseconds: fc.integer({ min: 0, max: 90 * DAY }) }),
    { nil: undefined },
  );

  test('each is kept or removed, never both, and a group is never emptied', () => {
    fc.assert(
      fc.property(snapshots, rules, minimum, (all, keep, promised) => {
        const decision = decideRetention(all, keep, promised, now);
        const ids = [...decision.keep.map(({ id }) => id), ...decision.remove];
        assert.deepEqual(ids.toSorted(), all.map(({ id }) => id).toSorted());
        assert.equal(decision.keep.length > 0, all.length > 0);
        const newest = all.filter(({ complete }) => complete).toSorted((a, b) => +b.finished - +a.finished)[0];
        if (newest !== undefined) {
          const times = new Map(all.map(({ id, finished }) => [id, +finished]));
          assert.ok(decision.keep.some(({ id }) => times.get(id) === +newest.finished));
        }
      }),
    );
  });

  test('deciding again removes nothing more, and the order they are listed in does not matter', () => {
    fc.assert(
      fc.property(snapshots, rules, minimum, (all, keep, promised) => {
        const first = decideRetention(all, keep, promised, now);
        const stayed = new Set(first.keep.map(({ id }) => id));
        const left = all.filter(({ id }) => stayed.has(id));
        assert.deepEqual(decideRetention(left, keep, promised, now).remove, []);
        assert.deepEqual(decideRetention(all.toReversed(), keep, promised, now), first);
      }),
    );
  });

  test('more rules, and longer promises, never keep less', () => {
    fc.assert(
      fc.property(snapshots, rules, minimum, fc.integer({ min: 1, max: 9 }), (all, keep, promised, more) => {
        const before = decideRetention(all, keep, promised, now).keep.map(({ id }) => id);
        const after = new Set(
          decideRetention(all, { ...keep, last: (keep.last ?? 0) + more }, promised, now).keep.map(({ id }) => id),
        );
        assert.deepEqual(
          before.filter((id) => !after.has(id)),
          [],
        );
      }),
    );
  });
});
