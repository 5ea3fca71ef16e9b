import { parseSpan } from './duration.ts';
import { checkPattern, longestGap, type Timing } from './schedule-times.ts';
import { meantBy, readWords } from './schedule-words.ts';
import type { ScheduleFields, ScheduleWritten } from './sections/schedules.ts';
import { parseTime } from './time-of-day.ts';
import { unknownZone } from './time-zone.ts';
import { readWindow } from './week-window.ts';
import { parseDays } from './weekday.ts';

export type Schedule = Timing & {
  /** Its name under `schedules`, when it has one. */
  readonly name?: string;
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
/** Ten years: times of day that nobody waits for, and dates that no calendar has, lie beyond. */
const LONGEST_MS = 3650 * 86_400_000;
const KINDS = ['every', 'at', 'cron'] as const;

export function parseSchedule(written: ScheduleWritten): { schedule: Schedule } | { mistake: ScheduleMistake } {
  if (typeof written !== 'string') return readFields(written);
  const words = readWords(written);
  if (words === undefined) {
    const suggestion = meantBy(written);
    const message = `${JSON.stringify(written)} is no schedule`;
    return { mistake: { code: 'HF2019', message, hint: HINT, ...(suggestion !== undefined && { suggestion }) } };
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
    blackout: (fields.blackout ?? []).map(readWindow),
    ...(timezone !== undefined && { timezone }),
  };
  if (every !== undefined) return atSomeTime({ kind: 'interval', everyMs: parseSpan(every) ?? 0, ...common });
  const patterns = patternsOf(fields);
  const wrong = patterns.map((pattern) => checkPattern(pattern)).find((reason) => reason !== undefined);
  const field = fields.cron === undefined ? 'at' : 'cron';
  if (wrong !== undefined) return { mistake: { code: 'HF2019', message: wrong, field, hint: HINT } };
  return atSomeTime({ kind: 'calendar', patterns, ...common });
}

function atSomeTime(schedule: Schedule): { schedule: Schedule } | { mistake: ScheduleMistake } {
  if (schedule.blackout.length === 0 || Number.isFinite(longestGap(schedule))) return { schedule };
  const message = 'every start of this schedule falls into a blackout';
  return { mistake: { code: 'HF2019', message, field: 'blackout' } };
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
  if (kind === 'every' && (parseSpan(fields.every ?? '') ?? 0) > LONGEST_MS) {
    return { code: 'HF2019', message: 'an interval is at most ten years', field: 'every' };
  }
  if (kind === 'every' && parseSpan(fields.every ?? '') === 0) {
    return { code: 'HF2019', message: 'an interval is longer than nothing', field: 'every' };
  }
  if (kind === 'every' && fields.timezone !== undefined && fields.blackout === undefined) {
    return {
      code: 'HF2019',
      message: 'an interval has no time zone',
      field: 'timezone',
      hint: 'it belongs to at, cron and blackout',
    };
  }
  return checkZone(fields.timezone);
}

function checkZone(zone: string | undefined): ScheduleMistake | undefined {
  const mistake = zone === undefined ? undefined : unknownZone(zone);
  return mistake && { ...mistake, field: 'timezone' };
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
