import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Type as TypeBox } from 'typebox';
import { Type } from './schema.ts';

type Builder = Pick<typeof TypeBox, keyof typeof Type>;

/** Each function with and without options, and what decides whether a property is required. */
const samples: Record<string, (build: Builder) => unknown> = {
  'an object of nothing': (t) => t.Object({}),
  'an object of what may be left out': (t) => t.Object({ a: t.Optional(t.String()) }),
  'an object': (t) =>
    t.Object(
      { a: t.Optional(t.String({ description: 'a' })), b: t.Integer(), c: t.Optional(t.Unsafe({ type: 'null' })) },
      { additionalProperties: false, description: 'o' },
    ),
  'what may be left out, of what must not': (t) => {
    const must = t.Object({ a: t.Number() });
    return [t.Object({ it: t.Optional(must) }), t.Object({ it: must })];
  },
  arrays: (t) => [t.Array(t.String()), t.Array(t.Boolean({ default: true }), { minItems: 1, uniqueItems: true })],
  records: (t) => [
    t.Record(t.String(), t.Number()),
    t.Record(t.String({ pattern: '^[a-z]+$', minLength: 1 }), t.Object({}), { description: 'r', maxProperties: 3 }),
  ],
  unions: (t) => [t.Union([]), t.Union([t.Literal('a'), t.Literal(1), t.Literal(true)], { default: 'a' })],
  enums: (t) => [t.Enum(['a', 'b']), t.Enum(['a'], { description: 'e', default: 'a' })],
  literals: (t) => [t.Literal('a', { description: 'l' }), t.Literal(1.5), t.Literal(false)],
  'plain values': (t) => [t.String(), t.Number({ minimum: 1 }), t.Integer({ maximum: 2 }), t.Boolean()],
  'ones of one’s own': (t) => [t.Unsafe({ anyOf: [] }), t.Unsafe(t.String({ format: 'x' }))],
};

for (const [name, sample] of Object.entries(samples)) {
  test(`builds what typebox builds, also where no JSON shows it: ${name}`, () => {
    const seen = (value: unknown) => inspect(value, { showHidden: true, sorted: true, depth: 20 });
    assert.equal(seen(sample(Type)), seen(sample(TypeBox)));
    assert.equal(JSON.stringify(sample(Type)), JSON.stringify(sample(TypeBox)));
  });
}

test('the two mix', () => {
  const ours = TypeBox.Object({ a: Type.Optional(Type.String()), b: Type.Integer() });
  const theirs = Type.Object({ a: TypeBox.Optional(TypeBox.String()), b: TypeBox.Integer() });
  assert.deepEqual([ours.required, theirs.required], [['b'], ['b']]);
});
