import { parseSpan, respellDuration } from './duration.ts';
import type { ScheduleFields } from './sections/schedules.ts';
import { parseTime, respellTime, spokenTime } from './time-of-day.ts';
import { DAYS, type Days, parseDays } from './weekday.ts';

/**
 * A schedule in words as fields: `15m`, `every 15m`, `hourly`, `daily at 02:00 and 14:00 Europe/London`, `mon, thu at 07:00`,
 * `weekly on sun at 03:00`, `monthly on last at 04:00`; or five fields of cron. `undefined` when it is none of these.
 */
export function readWords(text: string): ScheduleFields | undefined {
  const words = text.trim();
  if (/^(\S+\s+){4}\S+$/.test(words) && /^[\d*/,-]/.test(words)) return { cron: words };
  const lower = words.toLowerCase();
  const interval = INTERVALS[lower];
  if (interval !== undefined) return { cron: interval };
  const every = /^(?:every\s+)?(\d[\w ]*)$/.exec(lower)?.[1];
  if (every !== undefined) return readInterval(every);
  const [, days = '', times = ''] = /^(.*?)\s*\bat\s+(.+)$/i.exec(words) ?? [];
  if (times === '') return undefined;
  const { zone, at } = readTimes(times);
  const on = at === undefined ? undefined : readDays(days.toLowerCase());
  if (at === undefined || on === undefined) return undefined;
  return { at, ...on, ...(zone !== undefined && { timezone: zone }) };
}

/** What was probably meant by a word that other programs know: `daily`, `@weekly`. */
export function meantBy(text: string): string | undefined {
  return ELSEWHERE[text.trim().toLowerCase().replace(/^@/, '')];
}

const ELSEWHERE: Readonly<Record<string, string>> = {
  hourly: 'hourly',
  daily: 'daily at 02:00',
  nightly: 'daily at 02:00',
  midnight: 'daily at 00:00',
  weekdays: 'weekdays at 02:00',
  weekends: 'weekends at 02:00',
  weekly: 'weekly on sun at 02:00',
  monthly: 'monthly on 1 at 02:00',
};

const INTERVALS: Readonly<Record<string, string>> = { hourly: '0 * * * *', 'every hour': '0 * * * *' };

function readInterval(text: string): ScheduleFields | undefined {
  if (parseSpan(text) !== undefined) return { every: text };
  const respelt = respellDuration(text);
  return respelt !== undefined && parseSpan(respelt) !== undefined ? { every: respelt } : undefined;
}

/** `02:00 and 14:00 Europe/London`, `2am`. */
function readTimes(text: string): { at?: string[]; zone?: string } {
  const [, times = text, zone] = /^(.*?)\s+\(?([A-Za-z_]+(?:\/[A-Za-z_/+-]+\d*)?)\)?$/.exec(text) ?? [];
  // `2 am` ends in what could be a zone.
  const own = zone !== undefined && /^[ap]m$/i.test(zone) ? { times: text } : { times, zone };
  const at = own.times.split(/\s*,\s*|\s+and\s+/i).map((time) => {
    const parsed = parseTime(time);
    return parsed === undefined ? respellTime(time) : spokenTime(parsed);
  });
  const read = at.flatMap((time) => time ?? []);
  if (read.length !== at.length || read.length === 0) return {};
  return { at: read, ...('zone' in own && own.zone !== undefined && { zone: own.zone }) };
}

function readDays(text: string): Pick<ScheduleFields, 'on' | 'day'> | undefined {
  if (text === '' || text === 'daily' || text === 'every day' || text === 'nightly') return {};
  const monthly = /^monthly(?:\s+on)?(?:\s+the)?\s+(.+)$/.exec(text)?.[1];
  if (monthly !== undefined) return readMonthDays(monthly);
  const days = text.replace(/^(weekly\s+on|weekly|every|on)\s+/, '').split(/\s*,\s*|\s+and\s+/);
  const numbers = parseDays(days);
  if (numbers === undefined) return undefined;
  return { on: days.length === 1 && isDays(days[0]) ? days[0] : numbers.map((day) => DAYS[day] ?? 'sun') };
}

function readMonthDays(text: string): Pick<ScheduleFields, 'day'> | undefined {
  const days = text.split(/\s*,\s*|\s+and\s+/).map((day): number | 'last' | undefined => {
    if (/^(the )?last( day)?$/.test(day)) return 'last';
    const number = Number(/^(\d{1,2})(st|nd|rd|th)?$/.exec(day)?.[1]);
    return number >= 1 && number <= 31 ? number : undefined;
  });
  const read = days.flatMap((day) => (day === undefined ? [] : [day]));
  return read.length === days.length ? { day: read } : undefined;
}

function isDays(text: string | undefined): text is Days {
  return DAYS.some((day) => day === text);
}
