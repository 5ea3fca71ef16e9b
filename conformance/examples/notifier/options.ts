import { Type } from 'holdfast/plugin';
import type { Static } from 'typebox';

export const specimenOptions = Type.Object(
  {
    url: Type.String({
      pattern: '^https?://',
      description: 'Where messages are posted to.',
      examples: ['https://alerts.example.net/holdfast'],
    }),
  },
  { additionalProperties: false },
);

export type SpecimenOptions = Static<typeof specimenOptions>;
