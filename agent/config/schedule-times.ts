import { Cron } from 'croner';
import { isWithin, type WeekWindow } from './week-window.ts';

/** When something starts: at an interval, or when any of these patterns of cron says so; but not in blackouts. */
export type Timing = (
  | { readonly kind: 'interval'; readonly everyMs: number }
  | { readonly kind: 'calendar'; readonly patterns: readonly string[] }
) & {
  /** An IANA name; absent: the host's own. */
  readonly timezone?: string;
  readonly blackout: readonly WeekWindow[];
};

/** A leap year lies ahead of it, so that what comes on 29 February is found quickly. */
const REFERENCE = new Date('2027-01-01T00:00:00Z');
/** Starts that are looked at before it is given up to find one outside of blackouts. */
const MOST_STARTS = 20_000;
const DAY = 86_400_000;

/** Why a pattern of cron cannot be, if it cannot. */
export function checkPattern(pattern: string): string | undefined {
  try {
    if (calendar(pattern, 'UTC').nextRun(REFERENCE) !== null) return undefined;
    return `${JSON.stringify(pattern)} never comes`;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Cron\w+: /, '') : String(error);
    return `${JSON.stringify(pattern)} is no schedule: ${reason.slice(0, 1).toLowerCase()}${reason.slice(1)}`;
  }
}

/**
 * The next times after `from`, ascending, without the jitter; fewer than `count` when there are not so many. Times of the calendar
 * are those of the host unless a zone is set.
 */
export function nextStarts(timing: Timing, from: Date, count: number): Date[] {
  const starts: Date[] = [];
  let looked = 0;
  for (const start of startsAfter(timing, from)) {
    looked += 1;
    if (!isBlackedOut(timing, start)) starts.push(start);
    if (starts.length >= count || looked > MOST_STARTS) break;
  }
  return starts;
}

function isBlackedOut({ blackout, timezone }: Timing, start: Date): boolean {
  return blackout.some((window) => isWithin(start, window, timezone));
}

/** Every start after `from`, those in blackouts too. */
function* startsAfter(timing: Timing, from: Date): Generator<Date> {
  if (timing.kind === 'interval') {
    const { everyMs } = timing;
    for (let index = Math.floor(from.getTime() / everyMs) + 1; ; index += 1) yield new Date(index * everyMs);
  }
  const crons = timing.patterns.map((pattern) => calendar(pattern, timing.timezone));
  const next = crons.map((cron) => cron.nextRun(from));
  for (;;) {
    const times = next.flatMap((time) => (time === null ? [] : [time.getTime()]));
    if (times.length === 0) return;
    const start = new Date(Math.min(...times));
    yield start;
    for (const [index, cron] of crons.entries()) {
      if (next[index]?.getTime() === start.getTime()) next[index] = cron.nextRun(start);
    }
  }
}

function calendar(pattern: string, timezone: string | undefined): Cron {
  return new Cron(pattern, { paused: true, mode: '5-part', ...(timezone !== undefined && { timezone }) });
}

const gaps = new Map<string, number>();

/** The longest time between two starts, in milliseconds; changes of the clock are not counted. `Infinity` when there are none. */
export function longestGap(timing: Timing): number {
  if (timing.kind === 'interval' && timing.blackout.length === 0) return timing.everyMs;
  const when = timing.kind === 'interval' ? [timing.everyMs, timing.timezone] : timing.patterns;
  const key = JSON.stringify([when, timing.blackout]);
  const known = gaps.get(key);
  if (known !== undefined) return known;
  const gap =
    timing.kind === 'interval'
      ? intervalGap(timing)
      : // Times and blackouts are of one zone, so that which it is does not matter.
        gapOfCalendar({ ...timing, timezone: 'UTC' });
  gaps.set(key, gap);
  return gap;
}

function gapOfCalendar(timing: Timing): number {
  return timing.blackout.length > 0 ? walkedGap(timing, horizonOf(timing)) : calendarGap(timing);
}

/** Intervals meet the week anew until both are over at once; what starts more often than once a minute is walked by minutes. */
function intervalGap(timing: Timing & { readonly kind: 'interval' }): number {
  const { everyMs } = timing;
  const step = everyMs * Math.ceil(60_000 / everyMs);
  const walked = walkedGap({ ...timing, everyMs: step }, commonMultiple(step, 7 * DAY) / DAY + 7);
  return walked - (step - everyMs);
}

function commonMultiple(a: number, b: number): number {
  let [divisor, rest] = [a, b];
  while (rest > 0) [divisor, rest] = [rest, divisor % rest];
  return (a / divisor) * b;
}

/** Start by start, for so many days at least, and until there were two. */
function walkedGap(timing: Timing, days: number): number {
  const end = REFERENCE.getTime() + Math.min(days, 4 * 366) * DAY;
  let longest = 0;
  let last: number | undefined;
  let looked = 0;
  for (const start of startsAfter(timing, REFERENCE)) {
    looked += 1;
    if (looked > MOST_STARTS * 5) break;
    if (isBlackedOut(timing, start)) continue;
    longest = Math.max(longest, start.getTime() - (last ?? start.getTime()));
    last = start.getTime();
    if (last >= end && longest > 0) break;
  }
  return longest === 0 ? Number.POSITIVE_INFINITY : longest;
}

/**
 * Hours and minutes of a pattern are the same on each of its days, so that one day, and the first and last start of every other,
 * tell it: what starts each minute of a January need not be walked through.
 */
function calendarGap(timing: Timing): number {
  const first = nextAfter(timing, REFERENCE.getTime() - 1);
  if (first === undefined) return Number.POSITIVE_INFINITY;
  const end = REFERENCE.getTime() + horizonOf(timing) * DAY;
  const { longest: within, lastOffset } = firstDay(timing, first);
  let longest = within;
  for (let day = midnightOf(first); day < end; ) {
    const next = nextAfter(timing, day + DAY - 1);
    if (next === undefined) break;
    longest = Math.max(longest, next - (day + lastOffset));
    day = midnightOf(next);
  }
  return longest;
}

/** The longest gap within the day of `first`, and how long after midnight its last start is. */
function firstDay(timing: Timing, first: number): { readonly longest: number; readonly lastOffset: number } {
  const midnight = midnightOf(first);
  let longest = 0;
  let last = first;
  for (
    let next = nextAfter(timing, first);
    next !== undefined && next < midnight + DAY;
    next = nextAfter(timing, next)
  ) {
    longest = Math.max(longest, next - last);
    last = next;
  }
  return { longest, lastOffset: last - midnight };
}

function nextAfter(timing: Timing, time: number): number | undefined {
  return nextStarts(timing, new Date(time), 1)[0]?.getTime();
}

function midnightOf(time: number): number {
  return Math.floor(time / DAY) * DAY;
}

/** Days after which the pattern of days is known: all are alike, weeks are alike, or a leap day comes once in four years. */
function horizonOf(timing: Timing): number {
  const patterns = timing.kind === 'interval' ? [] : timing.patterns;
  if (timing.blackout.length === 0 && patterns.every((pattern) => /\s\*\s+\*\s+\*$/.test(pattern))) return 2;
  return patterns.every((pattern) => /\s\*\s+\*\s+[\d,*/-]+$/.test(pattern)) ? 15 : 4 * 366;
}
