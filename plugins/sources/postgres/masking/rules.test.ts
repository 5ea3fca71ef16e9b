import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Masking } from './masking.ts';
import { type ColumnRule, type MaskRules, maskOptions } from './rules.ts';
import type { MaskedTable } from './table-mask.ts';

const open = (rules: MaskRules) => Masking.open({ rules }, Buffer.alloc(32, 9));

function table(columns: Readonly<Record<string, string>>, more: Partial<MaskedTable> = {}): MaskedTable {
  const of = Object.entries(columns).map(([name, type]) => ({
    name,
    type: type.replace(' NOT NULL', ''),
    nullable: !type.endsWith(' NOT NULL'),
  }));
  return { database: 'trading', schema: 'public', table: 'accounts', columns: of, ...more };
}

function fails(work: () => unknown, code: string, why: RegExp): void {
  assert.throws(work, (error: Error & { failure?: { code: string } }) => {
    assert.equal(error.failure?.code, code);
    assert.match(error.message, why);
    return true;
  });
}

test('what a type does not allow is refused, all of a table at once', () => {
  const refused = (rule: ColumnRule, type: string, why: RegExp, encoding = 'UTF8') =>
    fails(
      () => open([{ table: '*', columns: { x: rule } }]).forTable(table({ x: type }, { encoding })),
      'MASK_UNFIT',
      why,
    );
  for (const type of [
    'jsonb',
    'bytea',
    'text[]',
    'integer[]',
    'double precision',
    'boolean',
    'interval',
    'inet',
    '"char"',
    'public.mood',
    'numeric(3,-2)',
    'time with time zone',
  ])
    refused({ with: 'fake' }, type, /nothing fakes/);
  refused({ with: 'null' }, 'text NOT NULL', /NOT NULL/);
  refused({ with: 'hash' }, 'character varying(20)', /does not fit/);
  refused({ with: 'hash', length: 64 }, 'name', /does not fit/);
  refused({ with: 'hash' }, 'uuid', /a hash is text/);
  refused({ with: 'fake' }, 'text', /letters/, 'EUC_JP');
  fails(
    () =>
      open([{ table: '*', columns: { '*': { with: 'fake' } } }]).forTable(table({ a: 'json', b: 'text', c: 'xml' })),
    'MASK_UNFIT',
    /a: .*; c: /,
  );
});

test('what a type allows is not', () => {
  const types = [
    'text',
    'varchar',
    'character varying(3)',
    'character(2)',
    'bpchar',
    'citext',
    'public.citext',
    'name',
    'smallint',
    'integer',
    'bigint',
    'numeric',
    'numeric(10,2)',
    'uuid',
    'date',
    'timestamp(3) without time zone',
    'timestamp with time zone',
    'time without time zone',
    'time(0) without time zone',
  ];
  for (const type of types)
    assert.ok(open([{ table: '*', columns: { x: { with: 'fake' } } }]).forTable(table({ x: type })), type);
  for (const type of ['character varying(8)', 'text', 'character(8)'])
    assert.ok(open([{ table: '*', columns: { x: { with: 'hash', length: 8 } } }]).forTable(table({ x: type })), type);
  assert.ok(
    open([{ table: '*', columns: { x: { with: 'fake' } } }]).forTable(table({ x: 'uuid' }, { encoding: 'EUC_JP' })),
  );
});

test('the language: what is meant is taken, anything else refused', () => {
  const valid = new Ajv2020({ strict: false, formats: { path: true } }).compile(maskOptions);
  const taken = (rule: unknown) => valid({ key: { env: 'MASK_KEY' }, rules: [{ table: '*', columns: { x: rule } }] });
  for (const rule of [
    { with: 'null' },
    { with: null },
    { with: 'constant', value: '' },
    { with: 'constant', value: 0 },
    { with: 'hash', length: 64, domain: 'a' },
    { with: 'fake' },
    { with: 'sql', expression: '1' },
  ])
    assert.ok(taken(rule), JSON.stringify(rule));
  for (const rule of [
    'fake',
    {},
    { with: 'fakes' },
    { with: 'null', value: 'x' },
    { with: 'constant' },
    { with: 'constant', value: 'a\0' },
    { with: 'hash', length: 7 },
    { with: 'hash', length: 65 },
    { with: 'fake', length: 8 },
    { with: 'sql' },
  ])
    assert.ok(!taken(rule), JSON.stringify(rule));
  assert.ok(!valid({ rules: [] }));
  assert.ok(!valid({ rules: [{ table: '*', columns: {} }] }));
  assert.ok(!valid({ rules: [{ table: '*', columns: { x: { with: 'null' } }, colums: {} }] }));
  assert.ok(!valid({ rules: [{ table: '*', columns: { '': { with: 'null' } } }] }));
  assert.ok(!valid({ rules: [{ table: '*', columns: { x: { with: 'null' } } }], keys: {} }));
});
