import { parseDays, WEEKDAYS } from './weekday.ts';

/** A part of the week, as a policy writes it: on some days (all by default), between two times (the whole day by default). */
export interface WindowWritten {
  readonly on?: string | readonly string[];
  readonly between?: string;
}

/** A part of the week. Days as cron counts them; minutes from midnight, `to` not included; `from > to` goes over midnight. */
export interface WeekWindow {
  readonly days: readonly number[];
  readonly from: number;
  readonly to: number;
}

const DAY_MINUTES = 24 * 60;

export function readWindow({ on, between }: WindowWritten): WeekWindow {
  const days = on === undefined ? [...WEEKDAYS.keys()] : (parseDays([on].flat()) ?? []);
  const [from = 0, to = DAY_MINUTES] = between?.split('-').map(minuteOf) ?? [];
  return { days, from, to };
}

/** Whether a time lies in a window. `zone` is an IANA name; without one, the time is the host's own. */
export function isWithin(time: Date, { days, from, to }: WeekWindow, zone?: string): boolean {
  const { day, minute } =
    zone === undefined ? { day: time.getDay(), minute: time.getHours() * 60 + time.getMinutes() } : inZone(time, zone);
  if (from < to) return days.includes(day) && minute >= from && minute < to;
  // Over midnight it belongs to the day it begins on.
  return (days.includes(day) && minute >= from) || (days.includes((day + 6) % 7) && minute < to);
}

function minuteOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function inZone(time: Date, zone: string): { readonly day: number; readonly minute: number } {
  let format = formats.get(zone);
  if (format === undefined) {
    const parts = { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    format = new Intl.DateTimeFormat('en-US', { ...parts, timeZone: zone });
    formats.set(zone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, value]));
  const names: readonly string[] = WEEKDAYS;
  const day = names.indexOf(String(parts['weekday']).toLowerCase());
  return { day, minute: Number(parts['hour']) * 60 + Number(parts['minute']) };
}
