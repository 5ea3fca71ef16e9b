import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Calendar, PERIODS, type Period } from './calendar.ts';
import { type Decision, decideRetention } from './decision.ts';
import { DAY, decide, type History, history, idsKept, keep, snapshots } from './history.fixture.ts';
import { rulesOn } from './rules-on.ts';
import type { Snapshot } from './snapshot.ts';
import { holdsOnStored } from './stored-holds.ts';

const isComplete = ({ verdict }: Snapshot) => verdict === 'complete';
const isKept = ({ action }: Decision) => action === 'keep';
const groupsOf = (all: readonly Snapshot[]) => Map.groupBy(all, ({ group }) => group).values();
const pastOf = ({ now }: History, all: readonly Snapshot[]) => all.filter(({ time }) => time <= now);
const runs = { numRuns: 400 };

/** The periods that these snapshots are of, the newest first. */
function periodsOf({ timezone }: History, rule: Period, all: readonly Snapshot[]): number[] {
  const calendar = new Calendar(timezone);
  const periods = new Set(all.map((snapshot) => calendar.keyOf(rule, timeOf(snapshot))));
  return [...periods].toSorted((a, b) => b - a);
}

function timeOf({ time }: Snapshot): number {
  return time.getTime();
}

/** Each group as it was, and as it is when what is to be forgotten is gone. */
function groupsBeforeAndAfter(given: History): { readonly before: Snapshot[]; readonly after: Snapshot[] }[] {
  const kept = new Set(idsKept(decide(given)));
  return [...groupsOf(given.snapshots)].map((before) => ({ before, after: before.filter(({ id }) => kept.has(id)) }));
}

const countsOf = ({ keep }: History) =>
  PERIODS.flatMap((rule) => (keep[rule] === undefined ? [] : [{ rule, count: keep[rule] }]));

test('each snapshot is decided on once, with a reason when it stays and none when it does not', () => {
  fc.assert(
    fc.property(history, (given) => {
      const decisions = decide(given);
      const ids = decisions.map(({ snapshot }) => snapshot.id).toSorted();
      assert.deepEqual(ids, given.snapshots.map(({ id }) => id).toSorted());
      for (const decision of decisions) assert.equal(isKept(decision), decision.reasons.length > 0);
      assert.deepEqual(
        idsKept(decide({ ...given, snapshots: given.snapshots.toReversed() })).toSorted(),
        idsKept(decisions).toSorted(),
      );
    }),
    runs,
  );
});

test('no group is emptied, and of none its newest complete one is forgotten', () => {
  fc.assert(
    fc.property(history, (given) => {
      for (const { before, after } of groupsBeforeAndAfter(given)) {
        assert.ok(after.length > 0);
        const newest = (all: readonly Snapshot[]) => Math.max(...pastOf(given, all).filter(isComplete).map(timeOf));
        assert.equal(newest(after), newest(before));
      }
    }),
    runs,
  );
});

test('of each rule the newest periods are stood for: by something complete, when there was any', () => {
  fc.assert(
    fc.property(history, (given) => {
      for (const { before, after } of groupsBeforeAndAfter(given)) {
        for (const { rule, count } of countsOf(given)) {
          for (const which of [isComplete, () => true]) {
            const periods = (all: readonly Snapshot[]) =>
              periodsOf(given, rule, pastOf(given, all).filter(which)).slice(0, count);
            assert.deepEqual(periods(after), periods(before));
          }
        }
      }
    }),
    runs,
  );
});

test('as long as is promised, each of the longest periods that had one has one, complete when it had', () => {
  fc.assert(
    fc.property(history, (given) => {
      const { minimum, timezone, now } = given;
      fc.pre(minimum !== undefined && countsOf(given).length > 0);
      const { rule } = countsOf(given).at(-1) ?? assert.fail();
      const since = new Calendar(timezone).before(now.getTime(), minimum);
      for (const { before, after } of groupsBeforeAndAfter(given)) {
        for (const which of [isComplete, () => true]) {
          const young = (all: readonly Snapshot[]) =>
            pastOf(given, all).filter((snapshot) => which(snapshot) && timeOf(snapshot) >= since);
          const left = periodsOf(given, rule, after.filter(which));
          for (const period of periodsOf(given, rule, young(before)))
            assert.ok(left.includes(period), `${rule} ${period}`);
        }
      }
    }),
    runs,
  );
});

test('a target without rules of its own keeps what the class promises, whatever other targets keep', () => {
  fc.assert(
    fc.property(history, keep, (given, tier) => {
      const targets = { local: { keep: tier } };
      const on = (target: string) =>
        decideRetention(given.snapshots, rulesOn({ ...given, targets }, target), { ...given, holds: [] });
      assert.deepEqual(on('cloud'), decide(given));
      const { minimum: _, ...unpromised } = given;
      assert.deepEqual(on('local'), decide({ ...unpromised, keep: tier }));
    }),
    runs,
  );
});

test('what a hold covers stays until it is over, and nothing else does that did not before', () => {
  const at = { file: '', line: 1, column: 1 };
  const covering = fc.record(
    { jobs: fc.subarray(['a', 'b']), snapshots: fc.uniqueArray(fc.integer({ min: 0, max: 70 }), { maxLength: 5 }) },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      history,
      covering,
      fc.option(fc.integer({ min: -DAY, max: DAY }), { nil: undefined }),
      (given, o, left) => {
        const hashes = new Map(given.snapshots.map(({ id }) => [id, id.slice(1).padStart(8, '0').padEnd(64, 'f')]));
        const spec = {
          ...{ name: 'case', by: 'legal', why: 'Case 117', at },
          ...(left !== undefined && { until: new Date(given.now.getTime() + left) }),
          ...(o.jobs && { jobs: o.jobs }),
          ...(o.snapshots && { snapshots: o.snapshots.map((number) => String(number).padStart(8, '0')) }),
        };
        const stored = given.snapshots.map(({ id, group }) => ({
          key: id,
          hash: hashes.get(id) ?? '',
          job: group,
          group,
        }));
        const { holds } = holdsOnStored([spec], stored);
        const isHeld = ({ id, group }: Snapshot) =>
          (left === undefined || left >= 0) &&
          ((o.jobs === undefined && o.snapshots === undefined) ||
            (o.jobs?.includes(group) ?? false) ||
            (o.snapshots?.includes(Number(id.slice(1))) ?? false));
        const kept = new Set(idsKept(decide(given)));
        const wanted = given.snapshots.filter((snapshot) => kept.has(snapshot.id) || isHeld(snapshot));
        assert.deepEqual(
          idsKept(decideRetention(given.snapshots, given, { ...given, holds })).toSorted(),
          wanted.map(({ id }) => id).toSorted(),
        );
      },
    ),
    runs,
  );
});

test('one snapshot more costs a period its place only when as many newer ones are stood for', () => {
  fc.assert(
    fc.property(history, (given) => {
      const [more, ...others] = given.snapshots;
      fc.pre(more !== undefined);
      const without = { ...given, snapshots: others };
      const lists = [without, given].map((one) => {
        const kept = new Set(idsKept(decide(one)));
        return one.snapshots.filter(({ id, group }) => group === more.group && kept.has(id));
      });
      for (const { rule, count } of countsOf(given)) {
        for (const which of [isComplete, () => true]) {
          const [fewer = [], all = []] = lists.map((list) => periodsOf(given, rule, pastOf(given, list).filter(which)));
          for (const period of fewer.slice(0, count)) {
            assert.ok(
              all.includes(period) || all.filter((other) => other > period).length >= count,
              `${rule} ${period}`,
            );
          }
        }
      }
    }),
    runs,
  );
});

test('one more that is incomplete, or in the future, changes nothing for what is complete', () => {
  fc.assert(
    fc.property(history, (given) => {
      const harmless = (snapshot: Snapshot) => !isComplete(snapshot) || snapshot.time > given.now;
      const more = given.snapshots.find(harmless);
      fc.pre(more !== undefined);
      const places = (one: History) =>
        decide(one).flatMap(({ snapshot, reasons }) =>
          isComplete(snapshot) && snapshot !== more ? [[snapshot.id, ...reasons.map(placeOf)]] : [],
        );
      const without = { ...given, snapshots: given.snapshots.filter((snapshot) => snapshot !== more) };
      assert.deepEqual(new Map(places(given).map(pair)), new Map(places(without).map(pair)));
    }),
    runs,
  );
});

/** That a newer one is incomplete is told, and no place of anything. */
function placeOf(reason: Decision['reasons'][number]) {
  return reason.kind === 'count' ? { ...reason, despite: false } : reason;
}

function pair([id, ...reasons]: readonly unknown[]): readonly [unknown, unknown] {
  return [id, reasons];
}

test('an earlier now, or a longer promise, forgets nothing more', () => {
  fc.assert(
    fc.property(
      history,
      fc.integer({ min: 0, max: 500 * DAY }),
      fc.integer({ min: 0, max: 40 }),
      (given, back, months) => {
        const kept = idsKept(decide(given));
        const earlier = { ...given, now: new Date(given.now.getTime() - back) };
        const milliseconds = given.minimum?.milliseconds ?? 0;
        const longer = { ...given, minimum: { months: (given.minimum?.months ?? 0) + months, milliseconds } };
        for (const kinder of [earlier, longer]) {
          const stays = new Set(idsKept(decide(kinder)));
          assert.deepEqual(
            kept.filter((id) => !stays.has(id)),
            [],
          );
        }
      },
    ),
    runs,
  );
});

test('decided again, with any of what was to be forgotten still there, the same stay in the same places', () => {
  fc.assert(
    fc.property(history, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (given, lingers) => {
      const first = decide(given);
      const kept = new Set(idsKept(first));
      const left = given.snapshots.filter(({ id }, index) => kept.has(id) || lingers[index]);
      const told = (decisions: readonly Decision[]) =>
        decisions.filter(isKept).map(({ snapshot, reasons }) => [snapshot.id, reasons.map(placeOf)] as const);
      for (const remaining of [left, given.snapshots.filter(({ id }) => kept.has(id))]) {
        const again = decide({ ...given, snapshots: remaining });
        assert.deepEqual(new Map(told(again)), new Map(told(first)));
      }
    }),
    runs,
  );
});

test('forgetting after each run comes to the same as forgetting once at the end', () => {
  fc.assert(
    fc.property(snapshots, keep, history, (all, rules, { timezone, minimum }) => {
      const written = all.toSorted((a, b) => a.time.getTime() - b.time.getTime());
      const last = written.at(-1);
      fc.pre(last !== undefined);
      const sequence = written.map((snapshot, index) => ({ ...snapshot, sequence: index + 1 }));
      const given = { keep: rules, timezone, ...(minimum && { minimum }) };
      let stored: Snapshot[] = [];
      for (const snapshot of sequence) {
        const now = snapshot.time;
        const kept = new Set(idsKept(decide({ ...given, snapshots: [...stored, snapshot], now })));
        stored = [...stored, snapshot].filter(({ id }) => kept.has(id));
      }
      const atOnce = idsKept(decide({ ...given, snapshots: sequence, now: last.time }));
      assert.deepEqual(stored.map(({ id }) => id).toSorted(), atOnce.toSorted());
    }),
    { numRuns: 150 },
  );
});

test('a hundred thousand snapshots are decided on; how long it took is told, not asked', (context) => {
  const start = Date.UTC(2022, 0, 1);
  const many = Array.from({ length: 100_000 }, (_, index): Snapshot => {
    const time = new Date(start + index * 15 * 60_000);
    return {
      id: `s${index}`,
      group: `g${index % 3}`,
      sequence: index,
      time,
      verdict: index % 50 ? 'complete' : 'incomplete',
    };
  });
  const rules = {
    last: 10,
    within: { months: 0, milliseconds: 2 * DAY },
    hourly: 48,
    daily: 14,
    weekly: 8,
    monthly: 60,
  };
  const now = new Date(start + 100_000 * 15 * 60_000);
  const minimum = { months: 60, milliseconds: 0 };
  const began = performance.now();
  const decisions = decide({
    snapshots: many,
    keep: { ...rules, yearly: 7 },
    minimum,
    timezone: 'Australia/Lord_Howe',
    now,
  });
  context.diagnostic(`${Math.round(performance.now() - began)} ms, ${idsKept(decisions).length} kept`);
  assert.equal(decisions.length, many.length);
});
