/**
 * A length of time as people write it: `15m`, `1h30m`, `7y`. Months and years are kept apart from milliseconds, since seven
 * years of retention end on a date, not after a number of milliseconds.
 */
export interface Duration {
  readonly months: number;
  readonly milliseconds: number;
}

const UNITS = {
  y: { months: 12, milliseconds: 0 },
  mo: { months: 1, milliseconds: 0 },
  w: { months: 0, milliseconds: 7 * 86_400_000 },
  d: { months: 0, milliseconds: 86_400_000 },
  h: { months: 0, milliseconds: 3_600_000 },
  m: { months: 0, milliseconds: 60_000 },
  s: { months: 0, milliseconds: 1000 },
  ms: { months: 0, milliseconds: 1 },
} as const;

/** Units from the largest to the smallest, each at most once, nothing else. */
export const DURATION_PATTERN =
  '^(?=\\d)(\\d{1,9}y)?(\\d{1,9}mo)?(\\d{1,9}w)?(\\d{1,9}d)?(\\d{1,9}h)?(\\d{1,9}m)?(\\d{1,9}s)?(\\d{1,9}ms)?$';
/** The same without months and years: for lengths that must be known in milliseconds. */
export const SPAN_PATTERN = '^(?=\\d)(\\d{1,9}w)?(\\d{1,9}d)?(\\d{1,9}h)?(\\d{1,9}m)?(\\d{1,9}s)?(\\d{1,9}ms)?$';
/** The same of what makes no sense when it is no time at all. */
export const TIME_SPAN_PATTERN = SPAN_PATTERN.replace('^(?=\\d)', '^(?=\\d)(?=.*[1-9])');

const whole = new RegExp(DURATION_PATTERN);
const part = /(\d+)(mo|ms|[ywdhms])/g;

/** `undefined` when `text` is not a duration. */
export function parseDuration(text: string): Duration | undefined {
  if (!whole.test(text)) return undefined;
  let months = 0;
  let milliseconds = 0;
  for (const [, count = '', unit = ''] of text.matchAll(part)) {
    const worth = UNITS[unit as keyof typeof UNITS];
    months += Number(count) * worth.months;
    milliseconds += Number(count) * worth.milliseconds;
  }
  return { months, milliseconds };
}

/** Milliseconds of a span without months and years; `undefined` when `text` is not one. */
export function parseSpan(text: string): number | undefined {
  const duration = parseDuration(text);
  return duration === undefined || duration.months > 0 ? undefined : duration.milliseconds;
}

/** Milliseconds as people write them, in the two largest units that matter: `15m`, `1d 1h`. */
export function spokenSpan(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return 'for ever';
  let rest = Math.round(milliseconds);
  const parts: string[] = [];
  for (const unit of ['d', 'h', 'm', 's', 'ms'] as const) {
    const count = Math.floor(rest / UNITS[unit].milliseconds);
    rest -= count * UNITS[unit].milliseconds;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join(' ') || '0s';
}

/** A duration as people write it: `7y`, `18mo`, `3mo 2d`. */
export function spokenDuration({ months, milliseconds }: Duration): string {
  const years = months % 12 === 0 ? `${months / 12}y` : `${months}mo`;
  return [...(months > 0 ? [years] : []), ...(milliseconds > 0 || months === 0 ? [spokenSpan(milliseconds)] : [])].join(
    ' ',
  );
}

const SPOKEN: readonly (readonly [RegExp, keyof typeof UNITS])[] = [
  [/^y(ears?|rs?)?$/, 'y'],
  [/^mo(nths?|n)?$/, 'mo'],
  [/^w(eeks?|ks?)?$/, 'w'],
  [/^d(ays?)?$/, 'd'],
  [/^h(ours?|rs?)?$/, 'h'],
  [/^m(in(ute)?s?)?$/, 'm'],
  [/^s(ec(ond)?s?)?$/, 's'],
  [/^(ms|msecs?|millis(econds?)?)$/, 'ms'],
];

/** How a duration that was written in words or with spaces is written here: `2 hours` → `2h`. */
export function respellDuration(text: string): string | undefined {
  const [, count, word = ''] = /^\s*(\d{1,9})\s*([a-z]+)\s*$/i.exec(text) ?? [];
  const unit = SPOKEN.find(([pattern]) => pattern.test(word.toLowerCase()))?.[1];
  return count === undefined || unit === undefined ? undefined : `${count}${unit}`;
}
