import { SIZE_TEXT, Type } from 'holdfast/plugin';
import type { Static } from 'typebox';

export const LEAST_BYTES = 2 ** 10;
export const GREATEST_BYTES = 2 ** 24;

function size(defaultBytes: number, description: string, example: string) {
  return Type.Union(
    [Type.Integer({ minimum: LEAST_BYTES, maximum: GREATEST_BYTES }), Type.String({ pattern: SIZE_TEXT })],
    { default: defaultBytes, description, examples: [example] },
  );
}

export const fastcdcOptions = Type.Object(
  {
    min: size(2 ** 18, 'The shortest chunk, but for the last one of a file. At least 1KiB.', '256KiB'),
    avg: size(
      2 ** 20,
      'The length chunks gather around; best a power of two. Smaller finds more, and costs more.',
      '1MiB',
    ),
    max: size(2 ** 22, 'The longest chunk. At most 16MiB.', '4MiB'),
  },
  { additionalProperties: false },
);

export type FastcdcOptions = Static<typeof fastcdcOptions>;
