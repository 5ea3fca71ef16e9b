import { Cron } from 'croner';
import { parseSpan } from './duration.ts';
import { nearest } from './nearest.ts';
import { readWords } from './schedule-words.ts';
import type { ScheduleFields, ScheduleWritten } from './sections/schedules.ts';
import { parseTime } from './time-of-day.ts';
import { parseDays } from './weekday.ts';

/** When something starts: at an interval, or when any of these patterns of cron says so. */
export type Timing =
  | { readonly kind: 'interval'; readonly everyMs: number }
  | { readonly kind: 'calendar'; readonly patterns: readonly string[]; readonly timezone?: string };

export type Schedule = Timing & {
  /** As people read it: `every 15m`, `weekdays at 07:00, Europe/London`. */
  readonly text: string;
  /** Each start waits for a random time of at most so long. */
  readonly jitterMs: number;
  readonly catchUp: boolean;
};

/** What is wrong with a schedule; `field` is the one at fault, the whole when absent. */
export interface ScheduleMistake {
  readonly code: 'HF2019' | 'HF2020';
  readonly message: string;
  readonly field?: string;
  readonly suggestion?: string;
  readonly hint?: string;
}

const HINT =
  'for example: every 15m, hourly, daily at 02:00, weekdays at 07:00, monthly on 1 at 04:00, or cron: 0 2 * * *';
const KINDS = ['every', 'at', 'cron'] as const;

export function parseSchedule(written: ScheduleWritten): { schedule: Schedule } | { mistake: ScheduleMistake } {
  if (typeof written !== 'string') return readFields(written);
  const words = readWords(written);
  if (words === undefined) {
    return { mistake: { code: 'HF2019', message: `${JSON.stringify(written)} is no schedule`, hint: HINT } };
  }
  return withoutField(readFields(words));
}

/** In words nothing is called `at` or `cron`: the whole is at fault. */
function withoutField(read: ReturnType<typeof readFields>): ReturnType<typeof readFields> {
  if ('schedule' in read) return read;
  const { field: _, ...mistake } = read.mistake;
  return { mistake };
}

function readFields(fields: ScheduleFields): { schedule: Schedule } | { mistake: ScheduleMistake } {
  const mistake = checkFields(fields);
  if (mistake !== undefined) return { mistake };
  const { every, timezone, jitter } = fields;
  const common = {
    text: spoken(fields),
    jitterMs: jitter === undefined ? 0 : (parseSpan(jitter) ?? 0),
    catchUp: fields.catchUp ?? true,
  };
  if (every !== undefined) return { schedule: { kind: 'interval', everyMs: parseSpan(every) ?? 0, ...common } };
  const patterns = patternsOf(fields);
  const wrong = patterns.map((pattern) => checkPattern(pattern)).find((reason) => reason !== undefined);
  const field = fields.cron === undefined ? 'at' : 'cron';
  if (wrong !== undefined) return { mistake: { code: 'HF2019', message: wrong, field, hint: HINT } };
  return { schedule: { kind: 'calendar', patterns, ...(timezone !== undefined && { timezone }), ...common } };
}

/** What does not go together, or means nothing. */
function checkFields(fields: ScheduleFields): ScheduleMistake | undefined {
  const kinds = KINDS.filter((kind) => fields[kind] !== undefined);
  const [kind, other] = kinds;
  if (kind === undefined)
    return { code: 'HF2019', message: 'this schedule has none of every, at and cron', hint: HINT };
  if (other !== undefined) {
    return { code: 'HF2019', message: `this schedule has both "${kind}" and "${other}"`, field: other, hint: HINT };
  }
  for (const field of ['on', 'day'] as const) {
    if (fields[field] === undefined || kind === 'at') continue;
    return { code: 'HF2019', message: `"${field}" belongs to "at": it says on which days`, field, hint: HINT };
  }
  if (kind === 'every' && parseSpan(fields.every ?? '') === 0) {
    return { code: 'HF2019', message: 'an interval is longer than nothing', field: 'every' };
  }
  if (kind === 'every' && fields.timezone !== undefined) {
    return {
      code: 'HF2019',
      message: 'an interval has no time zone',
      field: 'timezone',
      hint: 'it belongs to at and cron',
    };
  }
  return checkZone(fields.timezone);
}

function checkZone(zone: string | undefined): ScheduleMistake | undefined {
  if (zone === undefined) return undefined;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return undefined;
  } catch {
    const suggestion = nearest(zone, Intl.supportedValuesOf('timeZone'));
    const message = `there is no time zone ${JSON.stringify(zone)}`;
    const hint = 'a name such as Europe/London or UTC';
    return { code: 'HF2020', message, field: 'timezone', hint, ...(suggestion !== undefined && { suggestion }) };
  }
}

function patternsOf({ cron, at, on, day }: ScheduleFields): string[] {
  if (cron !== undefined) return [cron.trim()];
  const times = list(at).flatMap((time) => parseTime(time) ?? []);
  const weekdays = on === undefined ? '*' : (parseDays(list(on)) ?? []).join(',');
  const days = day === undefined ? '*' : list(day).map((one) => (one === 'last' ? 'L' : one));
  // Both kinds of days together mean days that are both, which cron would take for either.
  const both = on !== undefined && day !== undefined ? `+${weekdays}` : weekdays;
  return times.map(({ hour, minute }) => `${minute} ${hour} ${[days].flat().join(',')} * ${both}`);
}

/** Why a pattern cannot be, if it cannot. */
function checkPattern(pattern: string): string | undefined {
  try {
    if (calendar(pattern, 'UTC').nextRun(REFERENCE) !== null) return undefined;
    return `${JSON.stringify(pattern)} never comes`;
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Cron\w+: /, '') : String(error);
    return `${JSON.stringify(pattern)} is no schedule: ${reason.slice(0, 1).toLowerCase()}${reason.slice(1)}`;
  }
}

/** A leap year lies ahead of it, so that what comes on 29 February is found quickly. */
const REFERENCE = new Date('2027-01-01T00:00:00Z');

function calendar(pattern: string, timezone: string | undefined): Cron {
  return new Cron(pattern, { paused: true, mode: '5-part', ...(timezone !== undefined && { timezone }) });
}

/** The next times after `from`, ascending, without the jitter. Times of the calendar are those of the host unless a zone is set. */
export function nextStarts(schedule: Timing, from: Date, count: number): Date[] {
  if (schedule.kind === 'interval') {
    const { everyMs } = schedule;
    const first = Math.floor(from.getTime() / everyMs) + 1;
    return Array.from({ length: count }, (_, index) => new Date((first + index) * everyMs));
  }
  const starts = schedule.patterns.flatMap((pattern) => calendar(pattern, schedule.timezone).nextRuns(count, from));
  const times = [...new Set(starts.map((start) => start.getTime()))].sort((a, b) => a - b);
  return times.slice(0, count).map((time) => new Date(time));
}

const DAY = 86_400_000;
const gaps = new Map<string, number>();

/**
 * The longest time between two starts, in milliseconds. Hours and minutes of a pattern are the same on each of its days, so
 * that one day and the first and last start of every day of four years tell it; changes of the clock are not counted.
 */
export function longestGap(schedule: Timing): number {
  if (schedule.kind === 'interval') return schedule.everyMs;
  const key = schedule.patterns.join('\n');
  const known = gaps.get(key);
  if (known !== undefined) return known;
  const gap = measuredGap({ kind: 'calendar', patterns: schedule.patterns, timezone: 'UTC' });
  gaps.set(key, gap);
  return gap;
}

function measuredGap(schedule: Timing): number {
  const [first] = nextStarts(schedule, REFERENCE, 1);
  if (first === undefined) return Number.POSITIVE_INFINITY;
  const end = REFERENCE.getTime() + horizonOf(schedule) * DAY;
  let longest = 0;
  let sameDay = true;
  for (let last = first.getTime(); last < end; ) {
    const from = sameDay ? last : endOfDay(last) - 1;
    const [next] = nextStarts(schedule, new Date(from), 1);
    if (next === undefined) break;
    longest = Math.max(longest, next.getTime() - (sameDay ? last : lastOfDay(schedule, last)));
    // The first day is walked through start by start, the others from day to day.
    if (next.getTime() >= endOfDay(first.getTime())) sameDay = false;
    last = next.getTime();
  }
  return longest;
}

/** Days after which the pattern of days is known: all are alike, weeks are alike, or a leap day comes once in four years. */
function horizonOf(schedule: Timing): number {
  const patterns = schedule.kind === 'interval' ? [] : schedule.patterns;
  if (patterns.every((pattern) => /\s\*\s+\*\s+\*$/.test(pattern))) return 2;
  return patterns.every((pattern) => /\s\*\s+\*\s+\S+$/.test(pattern)) ? 15 : 4 * 366;
}

function endOfDay(time: number): number {
  return (Math.floor(time / DAY) + 1) * DAY;
}

const lastTimes = new WeakMap<Timing, number>();

/** The last start on the day of `time`: as long after midnight as on any other day. */
function lastOfDay(schedule: Timing, time: number): number {
  const midnight = endOfDay(time) - DAY;
  let offset = lastTimes.get(schedule);
  if (offset === undefined) {
    offset = time - midnight;
    for (
      let [next] = nextStarts(schedule, new Date(time), 1);
      next !== undefined && next.getTime() < midnight + DAY;
    ) {
      offset = next.getTime() - midnight;
      [next] = nextStarts(schedule, next, 1);
    }
    lastTimes.set(schedule, offset);
  }
  return midnight + offset;
}

function spoken({ every, at, on, day, cron, timezone }: ScheduleFields): string {
  const zone = timezone === undefined ? '' : `, ${timezone}`;
  if (every !== undefined) return `every ${every}`;
  if (cron !== undefined) return `cron ${cron.trim()}${zone}`;
  const days = [
    ...(day === undefined ? [] : [`monthly on ${list(day).join(', ')}`]),
    ...(on === undefined ? [] : [list(on).join(', ')]),
  ];
  return `${days.length === 0 ? 'daily' : days.join(' and ')} at ${list(at).join(', ')}${zone}`;
}

function list<T>(one: T | readonly T[] | undefined): readonly T[] {
  if (one === undefined) return [];
  return Array.isArray(one) ? one : [one as T];
}
