import type { Static } from 'typebox';
import { Type } from '../../contract/index.ts';
import { TIME_PATTERN, WINDOW_PATTERN } from '../time-of-day.ts';
import { closed, oneOrMore, span } from '../vocabulary.ts';
import { DAYS } from '../weekday.ts';

const time = Type.String({ description: 'A time of day, 24 hours.', examples: ['02:00'], pattern: TIME_PATTERN });
const weekday = Type.Enum([...DAYS], { description: 'A day of the week, or several.' });
const monthDay = Type.Union(
  [
    Type.Integer({ description: 'A day of the month.', minimum: 1, maximum: 31 }),
    Type.Literal('last', { description: 'The last day.' }),
  ],
  { description: 'A day of the month, or "last".' },
);

/** A part of the week in which something is different. */
export const window = closed('A part of the week.', {
  on: Type.Optional(oneOrMore('Days of the week; all of them by default.', weekday, 'weekdays')),
  between: Type.Optional(
    Type.String({
      description: 'From when to when; the whole day by default. One that ends before it begins goes over midnight.',
      examples: ['07:00-22:00'],
      pattern: WINDOW_PATTERN,
    }),
  ),
});

/** A schedule with everything that can be said of it. Which of its fields go together is checked in schedule.ts. */
export const ScheduleFields = closed('When the job starts: exactly one of every, at and cron.', {
  every: Type.Optional(span('Start at this interval, counted from midnight UTC of 1 January 1970.', '15m', '1d')),
  at: Type.Optional(oneOrMore('Start at these times of day.', time, '02:00')),
  on: Type.Optional(oneOrMore('With "at": only on these days of the week.', weekday, 'weekdays')),
  day: Type.Optional(oneOrMore('With "at": only on these days of the month.', monthDay, 1)),
  cron: Type.Optional(
    Type.String({
      description: 'Five fields of cron: minute, hour, day of the month, month, day of the week.',
      examples: ['*/15 * * * *'],
      minLength: 9,
    }),
  ),
  timezone: Type.Optional(
    Type.String({
      description: 'With "at" and "cron": the time zone they are meant in. The host\'s own by default.',
      examples: ['Europe/London', 'UTC'],
      minLength: 1,
    }),
  ),
  jitter: Type.Optional(
    span('Wait for a random time, at most so long, so that hosts with one policy do not all start at once.', '5m'),
  ),
  catchUp: Type.Optional(
    Type.Boolean({
      description: 'Start once, as soon as possible, when a start was missed because the host slept or was down.',
      default: true,
    }),
  ),
  blackout: Type.Optional(
    Type.Array(window, { description: 'Parts of the week in which nothing is started.', minItems: 1 }),
  ),
});

export const Schedule = Type.Union(
  [
    Type.String({
      description: 'The same in words, or as cron.',
      examples: ['every 15m', 'hourly', 'daily at 02:00', 'weekdays at 07:00', 'monthly on last at 04:00'],
      minLength: 1,
    }),
    ScheduleFields,
  ],
  { description: 'When something starts: in words (`daily at 02:00`), as cron, or field by field.' },
);

/** A schedule where it is used: as it is, or by its name. */
export const ScheduleOrName = Type.Union(
  [
    Type.String({
      description: 'A name under "schedules", or a schedule in words.',
      examples: ['nightly', 'every 15m'],
      minLength: 1,
    }),
    ScheduleFields,
  ],
  {
    description: 'When it starts: a name under "schedules", or a schedule in words, as cron, or field by field.',
    examples: ['every 15m', 'daily at 02:00', { every: '15m' }, { at: '02:00', on: 'weekdays' }],
  },
);

export type ScheduleWritten = Static<typeof Schedule>;
export type ScheduleFields = Static<typeof ScheduleFields>;
