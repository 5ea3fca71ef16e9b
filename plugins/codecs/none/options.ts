import { Type } from 'holdfast/plugin';
import type { Static } from 'typebox';

export const noneOptions = Type.Object({}, { additionalProperties: false });

export type NoneOptions = Static<typeof noneOptions>;
