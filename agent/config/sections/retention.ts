import { Type } from '../../contract/index.ts';
import { byReference, closed, duration } from '../vocabulary.ts';

const count = (what: string) =>
  Type.Optional(Type.Integer({ description: `Keep one snapshot of each of so many ${what}.`, minimum: 1 }));

const Keep = closed('Which snapshots stay; one that any rule keeps, stays. Without it, all stay.', {
  last: Type.Optional(Type.Integer({ description: 'Keep so many of the newest snapshots.', minimum: 1 })),
  within: Type.Optional(duration('Keep every snapshot that is younger.', '2d')),
  hourly: count('hours'),
  daily: count('days'),
  weekly: count('weeks'),
  monthly: count('months'),
  yearly: count('years'),
});

const Tier = closed(
  'What stays on this target, in the place of what the class says. The minimum is not promised here.',
  {
    keep: Keep,
  },
);

export const Retention = closed('A retention class: what is kept, and for how long. Its name is part of the domain.', {
  keep: Type.Optional(Keep),
  minimum: Type.Optional(duration('One snapshot of every declared period is promised for so long.', '7y', '5y')),
  targets: Type.Optional(
    byReference('Targets that keep something else than the class says, by their names under "targets".', Tier),
  ),
  timezone: Type.Optional(
    Type.String({
      description: 'Whose hours, days, weeks, months and years are meant, by its IANA name.',
      default: 'UTC',
      examples: ['Europe/Berlin', 'UTC'],
      minLength: 1,
    }),
  ),
  lock: Type.Optional(duration('Targets refuse to remove or change what was stored for so long, whoever asks.', '35d')),
  erasure: Type.Optional(
    duration('What a person asked to have erased is gone from the backups at the latest after so long.', '30d', '3mo'),
  ),
});
