import { Type } from 'holdfast/plugin';
import type { Static } from 'typebox';

export const specimenOptions = Type.Object(
  {
    folder: Type.String({
      minLength: 1,
      format: 'path',
      description: 'The folder whose files are backed up, relative to the policy.',
      examples: ['/var/lib/notes'],
    }),
  },
  { additionalProperties: false },
);

export type SpecimenOptions = Static<typeof specimenOptions>;
