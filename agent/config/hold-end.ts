/** A day, or a moment with its offset from UTC, as ISO 8601 writes them: `2031-12-31`, `2031-12-31T18:00:00+01:00`. */
export const HOLD_END_PATTERN =
  '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])(T([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,3})?)?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d))?$';

const whole = new RegExp(HOLD_END_PATTERN);

/** The last moment that is meant: of a day its last millisecond in UTC. `undefined` for what is none, or on a day that no month has. */
export function parseHoldEnd(text: string): Date | undefined {
  if (!whole.test(text) || lastOfMonth(text) !== undefined) return undefined;
  const end = new Date(text.includes('T') ? text : `${text}T23:59:59.999Z`);
  return Number.isNaN(end.getTime()) ? undefined : end;
}

/** The same with two digits each, or the last day of a month that has no such day; `undefined` when it cannot be told what was meant. */
export function respellHoldEnd(text: string): string | undefined {
  const [, year = '', month = '', day = ''] = /^\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\s*$/.exec(text) ?? [];
  const written = whole.test(text) ? text : `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  if (!whole.test(written)) return undefined;
  return lastOfMonth(written) ?? written;
}

/** 30 February as its 28th or 29th; `undefined` for a day that there is. */
function lastOfMonth(text: string): string | undefined {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  const days = new Date(0);
  days.setUTCFullYear(year, month, 0);
  return day > days.getUTCDate() ? `${text.slice(0, 8)}${days.getUTCDate()}${text.slice(10)}` : undefined;
}
