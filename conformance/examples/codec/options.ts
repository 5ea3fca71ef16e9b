import { Type } from 'holdfast/plugin';
import type { Static } from 'typebox';

export const specimenOptions = Type.Object(
  {
    level: Type.Integer({
      minimum: 1,
      maximum: 9,
      default: 6,
      description: 'How hard to try: 1 is fastest, 9 smallest.',
    }),
  },
  { additionalProperties: false },
);

export type SpecimenOptions = Static<typeof specimenOptions>;
