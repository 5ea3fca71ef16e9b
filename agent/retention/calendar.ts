import type { Duration } from '../config/duration.ts';
import { Zone } from './zone.ts';

const HOUR = 3_600_000;
const QUARTER = HOUR / 4;
const DAY = 24 * HOUR;
/** The last time that a Date can be, and the first with the sign turned. */
const UTMOST = 8_640_000_000_000_000;

/** From the shortest to the longest, as `keep` names them. */
export const PERIODS = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
export type Period = (typeof PERIODS)[number];

/**
 * The hours, days, ISO weeks (from Monday), months and years of one time zone. A day is what its clocks call so, if it has 23, 24 or
 * 25 hours. An hour that comes twice, when clocks are set back, is two hours. Times are milliseconds since 1970 in UTC.
 */
export class Calendar {
  readonly #zone: Zone;

  /** Fails with `TIMEZONE_UNKNOWN` for what is no IANA name. */
  constructor(zone: string) {
    this.#zone = new Zone(zone);
  }

  /** A number that all times of one period have and no other; that of a later period is larger. */
  keyOf(period: Period, time: number): number {
    const local = this.#localOf(time);
    if (period === 'hourly') {
      // When it began, by what its clocks say. On Chatham clocks go back in mid-hour, so that two would begin at once: of those the
      // one of the larger offset is first. No offset has 60 quarters, and hours begin with a second.
      const offset = local - time;
      return Math.floor(local / HOUR) * HOUR - offset + (60 - Math.round(offset / QUARTER));
    }
    if (period === 'daily') return Math.floor(local / DAY);
    if (period === 'weekly') return weekOf(Math.floor(local / DAY));
    const date = new Date(local);
    return period === 'yearly' ? date.getUTCFullYear() : date.getUTCFullYear() * 12 + date.getUTCMonth();
  }

  /** As ISO 8601 writes it: `2026-10-25T02+01:00`, `2026-10-25`, `2026-W43`, `2026-10`, `2026`. */
  nameOf(period: Period, time: number): string {
    const local = this.#localOf(time);
    const text = new Date(local).toISOString();
    const end = text.indexOf('T');
    if (period === 'hourly') return `${text.slice(0, end + 3)}${offsetText(local - time)}`;
    if (period === 'daily') return text.slice(0, end);
    if (period === 'monthly') return text.slice(0, end - 3);
    return period === 'yearly' ? text.slice(0, end - 6) : weekText(weekOf(Math.floor(local / DAY)));
  }

  /**
   * So long before `now`. With months it is the beginning of a day, since those end on a date: the last of its month where that has
   * no such day. It may be earlier than a Date can be.
   */
  before(now: number, { months, milliseconds }: Duration): number {
    return (months === 0 ? now : this.#monthsBefore(now, months)) - milliseconds;
  }

  #monthsBefore(now: number, months: number): number {
    const today = new Date(this.#localOf(now));
    const month = (today.getUTCFullYear() - 1970) * 12 + today.getUTCMonth() - months;
    const first = Date.UTC(1970, month, 1);
    // Before the first month that a Date can be, there is none.
    if (Number.isNaN(first)) return Number.NEGATIVE_INFINITY;
    const days = (Date.UTC(1970, month + 1, 1) - first) / DAY;
    return this.#zone.beginningOf(first / DAY + Math.min(today.getUTCDate(), days) - 1);
  }

  #localOf(time: number): number {
    return Math.min(Math.max(time + this.#zone.offsetAt(time), -UTMOST), UTMOST);
  }
}

/** Weeks since that of 1 January 1970, a Thursday. */
function weekOf(day: number): number {
  return Math.floor((day + 3) / 7);
}

/** A week belongs to the year that its Thursday is in. */
function weekText(week: number): string {
  const thursday = week * 7 * DAY;
  const year = new Date(thursday).getUTCFullYear();
  const number = Math.floor((thursday - new Date(0).setUTCFullYear(year)) / (7 * DAY)) + 1;
  return `${year}-W${String(number).padStart(2, '0')}`;
}

function offsetText(offset: number): string {
  const minutes = Math.floor(Math.abs(offset) / 60_000);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0'));
  return `${offset < 0 ? '-' : '+'}${hours}:${rest}`;
}
