import type { Static, TObject, TSchema, TUnsafe } from 'typebox';
import { SIZE_TEXT, Type } from '../contract/index.ts';
import { DURATION_PATTERN, SPAN_PATTERN, TIME_SPAN_PATTERN } from './duration.ts';
import { NAME_PATTERN } from './name.ts';
import { RATE_PATTERN } from './rate.ts';

export function duration(description: string, ...examples: string[]) {
  return Type.String({ description, examples, pattern: DURATION_PATTERN });
}

/** A duration without months and years. */
export function span(description: string, ...examples: string[]) {
  return Type.String({ description, examples, pattern: SPAN_PATTERN });
}

/** The same, longer than nothing. */
export function timeSpan(description: string, ...examples: string[]) {
  return Type.String({ description, examples, pattern: TIME_SPAN_PATTERN });
}

export function size(description: string, ...examples: string[]) {
  return Type.String({ description, examples, pattern: SIZE_TEXT });
}

export function rate(description: string, ...examples: string[]) {
  return Type.String({ description, examples, pattern: RATE_PATTERN });
}

/** The name of something declared elsewhere in the policy. */
export function reference(description: string, example: string) {
  return Type.String({ description, examples: [example], minLength: 1 });
}

/** One of these, or a list of them. */
export function oneOrMore<S extends TSchema>(description: string, each: S, example: Static<S>) {
  return Type.Union([each, Type.Array(each, { description, minItems: 1, uniqueItems: true })], {
    description,
    examples: [example],
  });
}

/** Names of hosts, or patterns of them. */
export const HOST_PATTERN = '^[A-Za-z0-9*?][A-Za-z0-9*?._-]{0,252}$';

export function hostNames(description: string) {
  const one = Type.String({
    description: 'A host name, or a pattern: "db-*".',
    pattern: HOST_PATTERN,
    examples: ['db-1', 'db-*'],
  });
  return Type.Array(one, { description, minItems: 1, uniqueItems: true });
}

/** An object that refuses what it does not know. */
export function closed<P extends Record<string, TSchema>>(description: string, fields: P): TObject<P> {
  return Type.Object(fields, { description, additionalProperties: false });
}

/** An object of a part of the language that is not complete yet: what is known of it is checked, the rest is let pass. */
export function open<P extends Record<string, TSchema>>(description: string, fields: P): TObject<P> {
  return Type.Object(fields, { description, additionalProperties: true });
}

/** Mappings whose keys are names of what is declared elsewhere. */
export function byReference<S extends TSchema>(description: string, each: S): TUnsafe<Record<string, Static<S>>> {
  return Type.Unsafe<Record<string, Static<S>>>({ type: 'object', description, additionalProperties: each });
}

/** Declarations by name. */
export function named<S extends TSchema>(description: string, each: S): TUnsafe<Record<string, Static<S>>> {
  return Type.Unsafe<Record<string, Static<S>>>({
    type: 'object',
    description,
    propertyNames: { pattern: NAME_PATTERN },
    additionalProperties: each,
  });
}
