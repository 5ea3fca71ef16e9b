/** A longer year has a sign in front, and sorts before all others. There is no year 0 in most calendars, and libraries of many languages know none. */
const YEAR = /^(?!0000)\d{4}-/;

/** Whether it is a time as records have it, to the millisecond, in UTC: `2026-01-02T03:04:05.006Z`. */
export function isExactTime(text: string): boolean {
  const time = new Date(text);
  // Of month 13 there is none, and 30 February would be 2 March.
  return YEAR.test(text) && !Number.isNaN(time.getTime()) && time.toISOString() === text;
}
