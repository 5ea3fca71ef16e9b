import type { Duration } from '../duration.ts';
import { spokenDuration, spokenSpan } from '../duration.ts';
import type { Job, Keep, Policy, RetentionSpec } from '../policy.ts';
import type { Problem } from '../problem.ts';
import { longestGap } from '../schedule-times.ts';

const DAY = 86_400_000;
/** The Gregorian calendar's average, in days. */
const MONTH = 30.436875 * DAY;

/** Retention classes that break their own promises, or keep nothing between two backups. */
export function checkRetention({ retention, jobs }: Policy): Problem[] {
  return [
    ...Object.values(retention).flatMap((spec) => [...endsEarly(spec), ...locksErasure(spec)]),
    ...Object.values(jobs).flatMap(shorterThanSchedule),
  ];
}

/** How far back the rules reach that count periods or go by age; beside them, `last` reaches as far as there are few backups. */
function reachOf({ within, hourly = 0, daily = 0, weekly = 0, monthly = 0, yearly = 0 }: Keep): number {
  const periods = [hourly * 3_600_000, daily * DAY, weekly * 7 * DAY, monthly * MONTH, yearly * 12 * MONTH];
  return Math.max(within === undefined ? 0 : lengthOf(within), ...periods);
}

function namesPeriod({ last: _, within: __, ...periods }: Keep): boolean {
  return Object.keys(periods).length > 0;
}

function lengthOf({ months, milliseconds }: Duration): number {
  return months * MONTH + milliseconds;
}

function endsEarly({ name, keep, minimum }: RetentionSpec): Problem[] {
  // Without rules, all is kept.
  if (minimum === undefined || keep === undefined || Object.keys(keep).length === 0) return [];
  const reach = reachOf(keep);
  // A month is no exact number of days: what is short by less than one day in a year is not meant to be short.
  if (reach >= lengthOf(minimum) * (1 - 1 / 366)) return [];
  const path = ['retention', name, 'minimum'];
  const promised = spokenDuration(minimum);
  if (keep.last !== undefined && !namesPeriod(keep)) {
    const message = `the class "${name}" promises ${promised} and names no period: it keeps every snapshot for so long`;
    const hint = 'name the period of which one is meant (monthly: 84 are 7 years), or promise less';
    return [{ code: 'HF4026', message, path, on: 'value', hint }];
  }
  const beside = keep.last === undefined ? '' : `, beside the last ${keep.last}`;
  const message = `the class "${name}" promises ${promised}, but its rules keep nothing older than ${spokenSpan(reach)}${beside}`;
  const hint = 'keep more of the longest periods (monthly: 84 are 7 years), or promise less';
  return [{ code: 'HF4012', message, path, on: 'value', hint }];
}

function locksErasure({ name, lock, erasure }: RetentionSpec): Problem[] {
  if (lock === undefined || erasure === undefined || lengthOf(lock) <= lengthOf(erasure)) return [];
  const [locked, due] = [spokenDuration(lock), spokenDuration(erasure)];
  const message = `what is stored as "${name}" cannot be removed for ${locked}, and has to be after ${due} when it must be erased`;
  const hint = 'lock it for less, or keep what may have to be erased in a class of its own';
  return [{ code: 'HF4015', message, path: ['retention', name, 'lock'], on: 'value', hint }];
}

/** Rules that go by age alone keep nothing when the next backup comes later than that. */
function shorterThanSchedule({ name, schedule, targets, retention }: Job): Problem[] {
  const gap = schedule === undefined ? 0 : longestGap(schedule);
  const tiers = targets.flatMap(({ name: target }): { keep: Keep | undefined; where: string }[] => {
    const own = Object.hasOwn(retention.targets, target) ? retention.targets[target] : undefined;
    return own === undefined ? [] : [{ keep: own.keep, where: ` on target "${target}"` }];
  });
  const rules = tiers.length < targets.length ? [{ keep: retention.keep, where: '' }, ...tiers] : tiers;
  return rules.flatMap(({ keep, where }): Problem[] => {
    if (schedule === undefined || keep?.within === undefined || Object.keys(keep).length > 1) return [];
    if (gap <= lengthOf(keep.within)) return [];
    const kept = `${spokenDuration(keep.within)}${where}`;
    const message = `"${retention.name}" keeps backups for ${kept}, but ${spokenSpan(gap)} can lie between two of this job (${schedule.text})`;
    const hint = 'keep the newest as well ("last: 1"), keep them for longer, or back up more often';
    return [{ code: 'HF4011', message, path: ['jobs', name, 'retention'], on: 'value', hint }];
  });
}
