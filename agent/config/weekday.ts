/** As cron counts them, from Sunday. */
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** What can stand for days of the week in a policy. */
export const DAYS = [...WEEKDAYS, 'weekdays', 'weekends'] as const;
export type Days = (typeof DAYS)[number];

/** Numbers of cron, ascending. `undefined` when one of the words is no day. */
export function parseDays(words: readonly string[]): readonly number[] | undefined {
  const days = new Set<number>();
  for (const word of words) {
    const lower = word.toLowerCase();
    const group = GROUPS[lower];
    const single = WEEKDAYS.findIndex((day) => lower === day || LONG[day].includes(lower));
    if (group === undefined && single < 0) return undefined;
    for (const day of group ?? [single]) days.add(day);
  }
  return [...days].sort((a, b) => a - b);
}

const WORKING = [1, 2, 3, 4, 5];
const FREE = [0, 6];
const GROUPS: Readonly<Record<string, readonly number[]>> = {
  weekday: WORKING,
  weekdays: WORKING,
  weekend: FREE,
  weekends: FREE,
};

const LONG: Readonly<Record<(typeof WEEKDAYS)[number], readonly string[]>> = {
  sun: ['sunday', 'sundays'],
  mon: ['monday', 'mondays'],
  tue: ['tues', 'tuesday', 'tuesdays'],
  wed: ['wednesday', 'wednesdays'],
  thu: ['thur', 'thurs', 'thursday', 'thursdays'],
  fri: ['friday', 'fridays'],
  sat: ['saturday', 'saturdays'],
};
