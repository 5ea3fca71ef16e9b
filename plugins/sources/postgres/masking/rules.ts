import { Secret, Type } from 'holdfast/plugin';
import type { Static, TProperties } from 'typebox';
import { TABLE_FORM } from '../name-pattern.ts';

function way<W extends string | null, P extends TProperties>(value: W, what: string, fields: P) {
  const tag = Type.Unsafe<W>({ const: value, description: what });
  return Type.Object({ with: tag, ...fields }, { additionalProperties: false, description: what });
}

const NULL = 'With NULL. Refused for a column that is NOT NULL.';

const domain = Type.Optional(
  Type.String({
    minLength: 1,
    examples: ['payroll'],
    description:
      'A name that the result depends on: in columns of different domains, equal values become different ones, so that they cannot be joined.',
  }),
);

/** What the values of a column are replaced with. */
export const columnRule = Type.Union(
  [
    way('null', NULL, {}),
    way(null, NULL, {}),
    way('constant', 'With one text for all values; NULL stays NULL.', {
      value: Type.Union([Type.String({ pattern: '^[^\\u0000]*$' }), Type.Number(), Type.Boolean()], {
        examples: ['XX'],
        description: 'The text, as the server would read it for a column of that type.',
      }),
    }),
    way('hash', 'With a keyed hash (HMAC-SHA-256) in hex; NULL stays NULL. For columns of text.', {
      length: Type.Optional(
        Type.Integer({
          minimum: 8,
          maximum: 64,
          default: 32,
          examples: [16],
          description:
            'In characters, each worth 4 bits: of 16, two become equal among billions of values, of 8 among tens of thousands.',
        }),
      ),
      domain,
    }),
    way(
      'fake',
      'With another value of the same shape, different for different values; NULL stays NULL. For text, numbers, dates, times and UUIDs.',
      {
        domain,
      },
    ),
    way(
      'sql',
      'With what an SQL expression gives on the server that is restored to. The value itself never reaches it.',
      {
        expression: Type.String({
          minLength: 1,
          pattern: '^[^\\u0000]+$',
          examples: ["date_trunc('month', now())"],
          description:
            'The expression. It may name other columns of the row, which it sees masked; the column itself, and those with expressions of their own, are NULL.',
        }),
      },
    ),
  ],
  { description: 'What the values of a column are replaced with.', examples: [{ with: 'fake' }] },
);

export const maskRules = Type.Array(
  Type.Object(
    {
      table: Type.String({
        minLength: 1,
        pattern: TABLE_FORM,
        examples: ['public.accounts'],
        description:
          'The tables: `table`, `schema.table` or `database.schema.table`, `*` for any part of a name. A table stands for its partitions and children as well.',
      }),
      columns: Type.Record(Type.String({ minLength: 1, pattern: '^[^\\u0000]+$' }), columnRule, {
        minProperties: 1,
        additionalProperties: false,
        examples: [{ email: { with: 'fake' }, '*_note': { with: 'null' } }],
        description: 'Columns by name, `*` for any part of it, each with what its values are replaced with.',
      }),
    },
    { additionalProperties: false },
  ),
  {
    minItems: 1,
    description:
      'What is replaced. Of the rules that mean a column, the first one counts. One that decides nothing is an error.',
  },
);

/** `mask`: what a restore replaces. */
export const maskOptions = Type.Object(
  { key: Type.Optional(Secret), rules: maskRules },
  {
    additionalProperties: false,
    description:
      'Values that are replaced while they are restored. `key` is what `hash` and `fake` depend on: 16 bytes or more.',
  },
);

export type ColumnRule = Static<typeof columnRule>;
export type MaskRules = Static<typeof maskRules>;
export type MaskOptions = Static<typeof maskOptions>;
