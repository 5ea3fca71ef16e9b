import { Type } from 'holdfast/plugin';
import type { Static } from 'typebox';

export const localOptions = Type.Object(
  {
    path: Type.String({
      minLength: 1,
      format: 'path',
      pattern: '^[^\\u0000]+$',
      description:
        'The folder that holds the repository: on a local disk or a mount. Only `init` makes it; when it is missing later, nothing is written.',
      examples: ['/var/lib/holdfast/repository'],
    }),
  },
  { additionalProperties: false },
);

export type LocalOptions = Static<typeof localOptions>;
