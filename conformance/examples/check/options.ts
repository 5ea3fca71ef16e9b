import { Type } from 'holdfast/plugin';
import type { Static } from 'typebox';

export const specimenOptions = Type.Object(
  {
    url: Type.String({
      pattern: '^https?://',
      description: 'What is asked for.',
      examples: ['http://127.0.0.1:8080/health'],
    }),
    status: Type.Integer({
      minimum: 100,
      maximum: 599,
      default: 200,
      description: 'The status that the answer must have.',
    }),
  },
  { additionalProperties: false },
);

export type SpecimenOptions = Static<typeof specimenOptions>;
