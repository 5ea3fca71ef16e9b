import { SIZE_TEXT, Type } from 'holdfast/plugin';
import type { Static } from 'typebox';

export const LEAST_BYTES = 2 ** 9;
export const GREATEST_BYTES = 2 ** 24;

export const fixedOptions = Type.Object(
  {
    size: Type.Union(
      [Type.Integer({ minimum: LEAST_BYTES, maximum: GREATEST_BYTES }), Type.String({ pattern: SIZE_TEXT })],
      {
        default: 2 ** 17,
        description: 'The length of a block, best a multiple of the page of what is stored. From 512B to 16MiB.',
        examples: ['128KiB'],
      },
    ),
  },
  { additionalProperties: false },
);

export type FixedOptions = Static<typeof fixedOptions>;
