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

/** How far back the rules reach; `undefined` when that depends on how often there is a backup, or has no end. */
function reachOf(keep: Keep | undefined): number | undefined {
  if (keep === undefined || keep.last !== undefined) return undefined;
  const { within, hourly = 0, daily = 0, weekly = 0, monthly = 0, yearly = 0 } = keep;
  const periods = [hourly * 3_600_000, daily * DAY, weekly * 7 * DAY, monthly * MONTH, yearly * 12 * MONTH];
  return Math.max(within === undefined ? 0 : lengthOf(within), ...periods);
}

function lengthOf({ months, milliseconds }: Duration): number {
  return months * MONTH + milliseconds;
}

function endsEarly({ name, keep, minimum }: RetentionSpec): Problem[] {
  const reach = reachOf(keep);
  // A month is no exact number of days: what is short by less than one day in a year is not meant to be short.
  if (minimum === undefined || reach === undefined || reach >= lengthOf(minimum) * (1 - 1 / 366)) return [];
  const message = `the class "${name}" promises ${spokenDuration(minimum)}, but its rules keep nothing older than ${spokenSpan(reach)}`;
  const hint = 'keep more of the longest periods (monthly: 84 are 7 years), or promise less';
  return [{ code: 'HF4012', message, path: ['retention', name, 'minimum'], on: 'value', hint }];
}

function locksErasure({ name, lock, erasure }: RetentionSpec): Problem[] {
  if (lock === undefined || erasure === undefined || lengthOf(lock) <= lengthOf(erasure)) return [];
  const [locked, due] = [spokenDuration(lock), spokenDuration(erasure)];
  const message = `what is stored as "${name}" cannot be removed for ${locked}, and has to be after ${due} when it must be erased`;
  const hint = 'lock it for less, or keep what may have to be erased in a class of its own';
  return [{ code: 'HF4015', message, path: ['retention', name, 'lock'], on: 'value', hint }];
}

/** Rules that go by age alone keep nothing when the next backup comes later than that. */
function shorterThanSchedule({ name, schedule, retention: { name: retention, keep } }: Job): Problem[] {
  if (schedule === undefined || keep?.within === undefined || Object.keys(keep).length > 1) return [];
  const gap = longestGap(schedule);
  if (gap <= lengthOf(keep.within)) return [];
  const kept = spokenDuration(keep.within);
  const message = `"${retention}" keeps backups for ${kept}, but ${spokenSpan(gap)} can lie between two of this job (${schedule.text})`;
  const hint = 'keep the newest as well ("last: 1"), keep them for longer, or back up more often';
  return [{ code: 'HF4011', message, path: ['jobs', name, 'retention'], on: 'value', hint }];
}
