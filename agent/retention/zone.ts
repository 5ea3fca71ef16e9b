import { fail } from '../contract/index.ts';

const DAY = 86_400_000;
/** Offsets are looked up within these bounds, which no honest clock is outside of; beyond them the nearest one counts. */
const EARLIEST = Date.UTC(1900, 0, 1);
const LATEST = Date.UTC(2400, 0, 1);
const PARTS = {
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
} as const;

/**
 * How far the clocks of a zone are ahead of UTC, from Intl: not every Node that is supported has Temporal. Looking up costs some
 * microseconds, so that the offset at the beginning of each UTC day is remembered; no zone changes it twice within one.
 */
export class Zone {
  readonly #format: Intl.DateTimeFormat;
  readonly #days = new Map<number, number>();

  /** Fails with `TIMEZONE_UNKNOWN` for what is no IANA name. */
  constructor(name: string) {
    this.#format = formatOf(name);
  }

  /** Milliseconds to add to a time of UTC, in milliseconds, to read it as the zone's clocks do. */
  offsetAt(time: number): number {
    const within = Math.min(Math.max(time, EARLIEST), LATEST);
    const day = Math.floor(within / DAY);
    const offset = this.#atBeginning(day);
    return offset === this.#atBeginning(day + 1) ? offset : this.#lookUp(within);
  }

  /** When a day of this zone begins; days are counted from 1970. Where midnight comes twice it is the first, where it is skipped what follows. */
  beginningOf(day: number): number {
    const midnight = day * DAY;
    const offsets = [this.offsetAt(midnight - DAY), this.offsetAt(midnight + DAY)];
    const possible = offsets.filter((offset) => this.offsetAt(midnight - offset) === offset);
    return midnight - (possible.length > 0 ? Math.max(...possible) : Math.min(...offsets));
  }

  #atBeginning(day: number): number {
    let offset = this.#days.get(day);
    if (offset === undefined) {
      offset = this.#lookUp(day * DAY);
      this.#days.set(day, offset);
    }
    return offset;
  }

  #lookUp(time: number): number {
    const second = Math.floor(time / 1000) * 1000;
    const shown = Object.fromEntries(
      this.#format.formatToParts(second).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second: seconds = 0 } = shown;
    return Date.UTC(year, month - 1, day, hour, minute, seconds) - second;
  }
}

function formatOf(name: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', { ...PARTS, hourCycle: 'h23', calendar: 'gregory', timeZone: name });
  } catch (error) {
    const message = `${JSON.stringify(name)} is no time zone`;
    const hint = 'zones have names like Europe/Berlin, or are UTC';
    return fail({ code: 'TIMEZONE_UNKNOWN', message, origin: 'policy', permanent: true, hint }, error);
  }
}
