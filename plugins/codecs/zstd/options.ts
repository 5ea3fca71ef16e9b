import { Type } from 'holdfast/plugin';
import type { Static } from 'typebox';

export const zstdOptions = Type.Object(
  {
    level: Type.Integer({
      minimum: 1,
      maximum: 19,
      default: 3,
      description: 'How hard to try: 1 is fastest, 19 smallest. Reading is equally fast whatever it was.',
      examples: [6],
    }),
  },
  { additionalProperties: false },
);

export type ZstdOptions = Static<typeof zstdOptions>;
