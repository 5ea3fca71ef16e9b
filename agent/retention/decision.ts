import type { Duration } from '../config/duration.ts';
import type { Keep, RetentionSpec } from '../config/policy.ts';
import { fail } from '../contract/index.ts';
import { Calendar, PERIODS, type Period } from './calendar.ts';
import { type Hold, type HoldsOn, holdsAt } from './hold.ts';
import type { Reason, Rule } from './reason.ts';
import { type Slot, slotsOf } from './slots.ts';
import type { Snapshot } from './snapshot.ts';

/** What is decided by, beside the rules. */
export interface Circumstances {
  readonly now: Date;
  /** IANA name of the zone whose days and months are meant. What was thinned out in one does not fit another quite as well. */
  readonly timezone: string;
  readonly holds: readonly Hold[];
}

export interface Decision {
  readonly snapshot: Snapshot;
  readonly action: 'keep' | 'forget';
  /** Every one that there is; none for what is forgotten. */
  readonly reasons: readonly Reason[];
}

/**
 * Decides what stays and what is forgotten, from nothing but its arguments; one decision for each snapshot, by groups in the order
 * they first come in, each the newest first. Rules are those of one class and hold for each group by itself. A snapshot stays when
 * anything keeps it, and without `keep`, or with no rule in it, all stay.
 *
 * **The newest snapshot stands for its period.** Of a month that is over that is its end, which books are closed on and which
 * never changes again. Of the month that is not over it is whatever came last, so that the one before gives way; that one was
 * newer than all that was forgotten, and nothing is missed that has gone already. It follows that forgetting daily or once a year
 * comes to the same: when all that this keeps, and any of what it does not, is decided on again, the same stay in the same places.
 *
 * What holds, whatever the rules:
 * - A group is never emptied. Its newest complete snapshot stays, and the last one written, should a wrong clock date it earlier.
 * - `minimum` keeps one of each of the longest period that `keep` counts, as far back as the period in which it began. When only
 *   `last` and `within` are said, no period is, and each snapshot is kept for so long.
 * - One more snapshot, of any time and verdict, costs a period its place in a rule only when as many periods as the rule counts
 *   are newer and stood for. An incomplete one costs no complete one anything, nor does one in the future.
 * - An earlier `now` keeps all that a later one keeps. What is later than `now` stays.
 *
 * Fails with `TIMEZONE_UNKNOWN`, and with `SNAPSHOT_TWICE` when two have one id: one might be kept and the other forgotten.
 */
export function decideRetention(
  snapshots: readonly Snapshot[],
  rules: Pick<RetentionSpec, 'keep' | 'minimum'>,
  { now, timezone, holds }: Circumstances,
): Decision[] {
  refuseTwice(snapshots);
  const calendar = new Calendar(timezone);
  const holdsOn = holdsAt(holds, now);
  return [...Map.groupBy(snapshots, ({ group }) => group).values()].flatMap((group) => {
    const sorted = group.toSorted(newestFirst);
    const reasons = new Reasons();
    if (!hasRule(rules.keep)) for (const snapshot of sorted) reasons.add(snapshot, { kind: 'no rules' });
    else applyRules(reasons, sorted, { keep: rules.keep, minimum: rules.minimum, now: now.getTime(), calendar });
    return sorted.map((snapshot) => reasons.decide(snapshot, holdsOn));
  });
}

interface Rules {
  readonly keep: Keep;
  readonly minimum: Duration | undefined;
  readonly now: number;
  readonly calendar: Calendar;
}

function applyRules(reasons: Reasons, sorted: readonly Snapshot[], { keep, minimum, now, calendar }: Rules): void {
  // A time that cannot be read is not past either.
  const isPast = ({ time }: Snapshot) => time.getTime() <= now;
  for (const snapshot of sorted) if (!isPast(snapshot)) reasons.add(snapshot, { kind: 'not yet' });
  const past = sorted.filter(isPast);
  keepNewest(reasons, past);
  const { last, within } = keep;
  if (isCount(last))
    reasons.addSlots(
      'last',
      last,
      slotsOf(past, last, (_, index) => index),
    );
  if (within !== undefined) {
    const since = calendar.before(now, within);
    for (const snapshot of past) {
      if (snapshot.time.getTime() >= since) reasons.add(snapshot, { kind: 'within', span: within });
    }
  }
  const nameOf = (rule: Period, { time }: Snapshot) => calendar.nameOf(rule, time.getTime());
  for (const rule of PERIODS) {
    const count = keep[rule];
    if (!isCount(count)) continue;
    const slots = slotsOf(past, count, ({ time }) => calendar.keyOf(rule, time.getTime()));
    reasons.addSlots(rule, count, slots, (snapshot) => nameOf(rule, snapshot));
  }
  if (minimum === undefined) return;
  const longest = PERIODS.findLast((rule) => isCount(keep[rule]));
  for (const snapshot of promised(past, longest, calendar, calendar.before(now, minimum))) {
    const period = longest && { rule: longest, name: nameOf(longest, snapshot) };
    reasons.add(snapshot, { kind: 'minimum', span: minimum, ...(period && { period }) });
  }
}

/** One of each period that is not over before `since`; each of them when there are no periods. */
function promised(past: readonly Snapshot[], period: Period | undefined, calendar: Calendar, since: number) {
  if (period === undefined) return past.filter(({ time }) => time.getTime() >= since);
  const keyOf = ({ time }: Snapshot) => calendar.keyOf(period, time.getTime());
  const first = calendar.keyOf(period, since);
  const slots = slotsOf(past, Number.POSITIVE_INFINITY, keyOf);
  return slots.map(({ snapshot }) => snapshot).filter((snapshot) => keyOf(snapshot) >= first);
}

function keepNewest(reasons: Reasons, past: readonly Snapshot[]): void {
  const complete = past.filter(({ verdict }) => verdict === 'complete');
  const candidates = complete.length > 0 ? complete : past;
  const [newest] = candidates;
  if (newest === undefined) return;
  reasons.add(newest, { kind: 'newest', of: complete.length > 0 ? 'complete' : 'all' });
  const written = candidates.reduce((last, snapshot) => (snapshot.sequence > last.sequence ? snapshot : last));
  if (written !== newest) reasons.add(written, { kind: 'newest', of: 'written' });
}

/** What was found to keep each snapshot. */
class Reasons {
  readonly #reasons = new Map<Snapshot, Reason[]>();

  add(snapshot: Snapshot, reason: Reason): void {
    const known = this.#reasons.get(snapshot);
    if (known === undefined) this.#reasons.set(snapshot, [reason]);
    else known.push(reason);
  }

  addSlots(rule: Rule, count: number, slots: readonly Slot[], nameOf?: (snapshot: Snapshot) => string): void {
    for (const { snapshot, place, despite } of slots) {
      const period = nameOf && { period: nameOf(snapshot) };
      const reason: Reason =
        place === 0
          ? { kind: 'stand-in', rule, count, ...period }
          : { kind: 'count', rule, place, count, despite, ...period };
      this.add(snapshot, reason);
    }
  }

  decide(snapshot: Snapshot, holdsOn: HoldsOn): Decision {
    const held = holdsOn(snapshot).map((hold): Reason => ({ kind: 'hold', hold }));
    const reasons = [...(this.#reasons.get(snapshot) ?? []), ...held];
    return { snapshot, action: reasons.length > 0 ? 'keep' : 'forget', reasons };
  }
}

function isCount(count: number | undefined): count is number {
  return count !== undefined && count >= 1;
}

function hasRule(keep: Keep | undefined): keep is Keep {
  if (keep === undefined) return false;
  return keep.within !== undefined || isCount(keep.last) || PERIODS.some((rule) => isCount(keep[rule]));
}

/** What has no time that can be read comes first. Of one time, the one written later is the newer. */
function newestFirst(a: Snapshot, b: Snapshot): number {
  return momentOf(b) - momentOf(a) || b.sequence - a.sequence || (a.id < b.id ? 1 : -1);
}

function momentOf({ time }: Snapshot): number {
  return Number.isNaN(time.getTime()) ? Number.MAX_SAFE_INTEGER : time.getTime();
}

function refuseTwice(snapshots: readonly Snapshot[]): void {
  const ids = new Set<string>();
  for (const { id } of snapshots) {
    if (ids.has(id)) {
      const hint = 'what is listed of several targets is one snapshot';
      fail({
        code: 'SNAPSHOT_TWICE',
        message: `snapshot ${id} is listed twice`,
        origin: 'agent',
        permanent: true,
        hint,
      });
    }
    ids.add(id);
  }
}
