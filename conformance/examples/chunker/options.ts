import { Type } from 'holdfast/plugin';
import type { Static } from 'typebox';

export const specimenOptions = Type.Object(
  {
    average: Type.Integer({
      minimum: 1024,
      maximum: 2 ** 20,
      default: 2 ** 16,
      description: 'The usual length of a chunk in bytes. No chunk is longer than four times as much.',
    }),
  },
  { additionalProperties: false },
);

export type SpecimenOptions = Static<typeof specimenOptions>;
