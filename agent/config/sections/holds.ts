import { Type } from '../../contract/index.ts';
import { HOLD_END_PATTERN } from '../hold-end.ts';
import { closed, reference } from '../vocabulary.ts';

/** Something other than blanks. */
const said = (description: string, ...examples: string[]) => Type.String({ description, examples, pattern: '\\S' });

export const Hold = closed(
  'A legal hold: what it covers stays, whatever the rules say. Without jobs and snapshots it covers everything.',
  {
    by: said('Who asks for it.', 'legal@example.net'),
    why: said('What for, so that whoever finds it knows when it may go.', 'Case 2026-117'),
    until: Type.Optional(
      Type.String({
        description: 'The last day of it in UTC, or its last moment. Without it the hold stays until it is taken out.',
        examples: ['2031-12-31', '2031-12-31T18:00:00+01:00'],
        pattern: HOLD_END_PATTERN,
      }),
    ),
    jobs: Type.Optional(
      Type.Array(reference('A name under "jobs".', 'critical-tables'), {
        description: 'All that these jobs stored and store, on every host.',
        minItems: 1,
        uniqueItems: true,
      }),
    ),
    snapshots: Type.Optional(
      Type.Array(
        Type.String({
          description:
            'The id of a snapshot, as `holdfast snapshots` shows it, or more of its digits. In quotes: YAML takes some for numbers.',
          examples: ['3f9a0c1e'],
          pattern: '^[0-9a-f]{8,64}$',
        }),
        { description: 'These snapshots.', minItems: 1, uniqueItems: true },
      ),
    ),
  },
);
