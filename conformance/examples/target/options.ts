import { Type } from 'holdfast/plugin';
import type { Static } from 'typebox';

export const specimenOptions = Type.Object(
  {
    path: Type.String({
      minLength: 1,
      format: 'path',
      description: 'The folder, relative to the policy. `init` makes it.',
      examples: ['/mnt/backup'],
    }),
  },
  { additionalProperties: false },
);

export type SpecimenOptions = Static<typeof specimenOptions>;
