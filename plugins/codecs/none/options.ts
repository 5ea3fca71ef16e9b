import { type Static, Type } from 'typebox';

export const noneOptions = Type.Object({}, { additionalProperties: false });

export type NoneOptions = Static<typeof noneOptions>;
