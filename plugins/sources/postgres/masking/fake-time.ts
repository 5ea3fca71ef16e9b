import { type Fake, Scratch, TWEAK } from './fake.ts';
import type { Permutation } from './permutation.ts';

/** DateStyle ISO: `2026-03-01`, `2026-03-01 12:30:00.25+00`, `0044-03-15 BC`. */
const DATED = /^(\d{4,})-(\d\d)-(\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d+)?)([+-][\d:]+)?)?( BC)?$/;
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d*[1-9])?$/;
/** The first day that there is: November 24 of 4714 BC. PostgreSQL documentation, "Date/Time Types". */
const FIRST = { year: -4713, day: 327 };

/**
 * Another day of the same year, at another time of the day; `infinity`, the year, the time zone and the number of digits of the seconds
 * stay. Different values stay different where the time zone has no hours that come twice or not at all: in UTC.
 */
export class FakeTime implements Fake {
  readonly #permutation: Permutation;
  readonly #scratch = new Scratch();

  constructor(permutation: Permutation) {
    this.#permutation = permutation;
  }

  of(text: string): string {
    const [, years, month, day, time, zone = '', era = ''] = DATED.exec(text) ?? [];
    if (years === undefined) return TIME.test(text) ? this.#time(text) : text; // infinity; 24:00:00
    const scratch = this.#scratch;
    const year = era === '' ? Number(years) : 1 - Number(years);
    const starts = startsOf(year);
    scratch.begin(text.length);
    scratch.add((starts[Number(month) - 1] as number) + Number(day) - 1, starts[12] as number);
    if (time !== undefined) this.#read(time);
    const first = year === FIRST.year ? FIRST.day : 0;
    scratch.walk(this.#permutation, tweakOf(year), () => scratch.digit(0) >= first);
    const made = scratch.digit(0);
    const at = starts.findLastIndex((start) => start <= made);
    const date = `${years}-${two(at + 1)}-${two(made - (starts[at] as number) + 1)}`;
    return time === undefined ? `${date}${era}` : `${date} ${this.#write(time, 1)}${zone}${era}`;
  }

  #time(text: string): string {
    this.#scratch.begin(text.length);
    this.#read(text);
    this.#permutation.apply(this.#scratch, TWEAK.time);
    return this.#write(text, 0);
  }

  /** The last digit behind the point is no zero, and does not become one. */
  #read(time: string): void {
    const scratch = this.#scratch;
    for (const [i, radix] of [24, 60, 60].entries()) scratch.add(Number(time.slice(3 * i, 3 * i + 2)), radix);
    for (let i = 9; i < time.length; i++) {
      const last = i === time.length - 1;
      scratch.add(Number(time[i]) - (last ? 1 : 0), last ? 9 : 10);
    }
  }

  #write(time: string, from: number): string {
    const scratch = this.#scratch;
    let made = [0, 1, 2].map((i) => two(scratch.digit(from + i))).join(':');
    for (let i = 9; i < time.length; i++)
      made += `${i === 9 ? '.' : ''}${scratch.digit(from + i - 6) + (i === time.length - 1 ? 1 : 0)}`;
    return made;
  }
}

/** So many have tweaks of their own; dates go to year 5874897. */
const YEARS = 2 ** 22 - TWEAK.years;

/** Each year has its own: whoever knows what one birthday became does not know it of another year. */
function tweakOf(year: number): number {
  return TWEAK.years + ((year < 0 ? -2 * year : 2 * year + 1) % YEARS);
}

/** With which day of the year each month starts, from 0, and how many there are. Year 0 is 1 BC. */
function startsOf(year: number): readonly number[] {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? LEAP : COMMON;
}

function months(february: number): number[] {
  const starts = [0];
  for (const days of [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    starts.push((starts.at(-1) as number) + days);
  return starts;
}

const COMMON = months(28);
const LEAP = months(29);

function two(number: number): string {
  return `${number}`.padStart(2, '0');
}
