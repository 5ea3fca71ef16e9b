import type { TSchema, Type as TypeBox } from 'typebox';

type Built = 'Object' | 'Array' | 'Record' | 'Union' | 'Enum' | 'Literal' | 'String' | 'Number' | 'Integer' | 'Boolean';

interface Plain {
  readonly [key: string]: unknown;
}

/**
 * What options are described with: the part of typebox that policies need, with its types and its results, to the letter
 * (`schema.test.ts` holds it against typebox). Each of them is a plain JSON Schema, while typebox is 373 modules: a third of the time that
 * any call of the program takes to start. A plugin may as well use typebox itself; the two mix.
 */
export const Type = {
  Object: ((properties: Record<string, Plain>, options?: Plain) => {
    const required = Object.keys(properties).filter((key) => !('~optional' in (properties[key] as Plain)));
    return made('Object', { type: 'object', ...(required.length > 0 && { required }), properties, ...options });
  }) as unknown as (typeof TypeBox)['Object'],
  Array: ((items: Plain, options?: Plain) =>
    made('Array', { type: 'array', items, ...options })) as unknown as (typeof TypeBox)['Array'],
  Record: ((key: { pattern?: string }, value: Plain, options?: Plain) =>
    made('Record', {
      type: 'object',
      patternProperties: { [key.pattern ?? '^.*$']: value },
      ...options,
    })) as unknown as (typeof TypeBox)['Record'],
  Union: ((anyOf: readonly Plain[], options?: Plain) =>
    made('Union', { anyOf, ...options })) as unknown as (typeof TypeBox)['Union'],
  Enum: ((values: readonly string[], options?: Plain) =>
    made('Enum', { enum: values, ...options })) as unknown as (typeof TypeBox)['Enum'],
  Literal: ((value: string | number | boolean, options?: Plain) =>
    made('Literal', { type: typeof value, const: value, ...options })) as unknown as (typeof TypeBox)['Literal'],
  String: ((options?: Plain) =>
    made('String', { type: 'string', ...options })) as unknown as (typeof TypeBox)['String'],
  Number: ((options?: Plain) =>
    made('Number', { type: 'number', ...options })) as unknown as (typeof TypeBox)['Number'],
  Integer: ((options?: Plain) =>
    made('Integer', { type: 'integer', ...options })) as unknown as (typeof TypeBox)['Integer'],
  Boolean: ((options?: Plain) =>
    made('Boolean', { type: 'boolean', ...options })) as unknown as (typeof TypeBox)['Boolean'],
  /** A schema of one's own, with the type that it is said to have. */
  Unsafe: ((schema: Plain) => hidden(copy(schema), '~unsafe', null)) as unknown as (typeof TypeBox)['Unsafe'],
  /** The same, for a property that may be left out. */
  Optional: ((schema: Plain) => hidden(copy(schema), '~optional', true)) as unknown as (typeof TypeBox)['Optional'],
};

function made(kind: Built, schema: Plain): TSchema {
  return hidden(schema, '~kind', kind);
}

/** With its marks. */
function copy(schema: Plain): Plain {
  return Object.defineProperties({}, Object.getOwnPropertyDescriptors(schema)) as Plain;
}

/** typebox knows its own by such marks, which no JSON shows. */
function hidden(schema: Plain, mark: string, value: unknown): TSchema {
  return Object.defineProperty(schema, mark, {
    value,
    enumerable: false,
    configurable: true,
    writable: true,
  }) as TSchema;
}
