import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bytes } from 'holdfast/plugin';
import { Masking } from './masking.ts';
import type { ColumnRule, MaskRules } from './rules.ts';
import type { MaskedTable, TableMask } from './table-mask.ts';

const key = Buffer.alloc(32, 9);

function table(columns: Readonly<Record<string, string>>, more: Partial<MaskedTable> = {}): MaskedTable {
  const of = Object.entries(columns).map(([name, type]) => ({
    name,
    type: type.replace(' NOT NULL', ''),
    nullable: !type.endsWith(' NOT NULL'),
  }));
  return { database: 'trading', schema: 'public', table: 'accounts', columns: of, ...more };
}

const open = (rules: MaskRules) => Masking.open({ rules }, key);

async function masked(
  mask: TableMask | undefined,
  text: string,
  encoding: 'utf8' | 'latin1' = 'utf8',
): Promise<string> {
  assert.ok(mask, 'there is a mask');
  async function* pieces(): Bytes {
    yield Buffer.from(text, encoding);
  }
  const parts: Uint8Array[] = [];
  for await (const part of mask.apply(pieces())) parts.push(part);
  return Buffer.concat(parts).toString(encoding);
}

async function one(rule: ColumnRule, type: string, text: string): Promise<string> {
  return masked(open([{ table: 'accounts', columns: { x: rule } }]).forTable(table({ x: type })), text);
}

function fails(work: () => unknown, code: string, why: RegExp): void {
  assert.throws(work, (error: Error & { failure?: { code: string } }) => {
    assert.equal(error.failure?.code, code);
    assert.match(error.message, why);
    return true;
  });
}

test('each rule replaces as it says, and the report counts', async () => {
  const rules: MaskRules = [
    {
      table: 'public.accounts',
      columns: {
        note: { with: 'null' },
        old: { with: null },
        country: { with: 'constant', value: 'a\tb\\' },
        account: { with: 'hash', length: 16 },
        'e*mail': { with: 'fake' },
        born: { with: 'sql', expression: 'now()' },
      },
    },
  ];
  const masking = open(rules);
  const mask = masking.forTable(
    table({ id: 'integer', note: 'text', old: 'text', country: 'text', account: 'text', email: 'text', born: 'date' }),
  );
  const text = await masked(mask, '1\tn\t\\N\tDE\tA\tx@y.org\t2000-01-01\n2\t\\N\to\t\\N\tA\t@\t\\N\n');
  const rows = text.split('\n').map((row) => row.split('\t'));
  assert.deepEqual(
    rows.map((row) => [row[0], row[1], row[2], row[3], row[6]]),
    [
      ['1', '\\N', '\\N', 'a\\tb\\\\', '\\N'],
      ['2', '\\N', '\\N', '\\N', '\\N'],
      ['', undefined, undefined, undefined, undefined],
    ],
  );
  assert.match(rows[0]?.[4] ?? '', /^[0-9a-f]{16}$/);
  assert.equal(rows[0]?.[4], rows[1]?.[4]);
  assert.match(rows[0]?.[5] ?? '', /^[a-z]@[a-z]\.[a-z]{3}$/);
  assert.deepEqual(mask?.expressions, [{ column: 'born', rule: 'public.accounts, born', expression: 'now()' }]);
  const what = 'trading.public.accounts';
  assert.deepEqual(masking.report(), [
    { what, part: 'note', with: 'null', values: 1, nulls: 1, same: 0 },
    { what, part: 'old', with: 'null', values: 1, nulls: 1, same: 0 },
    { what, part: 'country', with: 'constant', values: 1, nulls: 1, same: 0 },
    { what, part: 'account', with: 'hash', values: 2, nulls: 0, same: 0 },
    { what, part: 'email', with: 'fake', values: 1, nulls: 0, same: 1 },
    { what, part: 'born', with: 'sql', values: 2, nulls: 0, same: 0 },
  ]);
});

test('a value that is the constant already counts as the same', async () => {
  const masking = open([{ table: 'accounts', columns: { x: { with: 'constant', value: 'a\tb' } } }]);
  assert.equal(await masked(masking.forTable(table({ x: 'text' })), 'a\\tb\nc\n'), 'a\\tb\na\\tb\n');
  const [report] = masking.report();
  assert.deepEqual([report?.values, report?.nulls, report?.same], [1, 0, 1]);
});

test('equal values stay equal in other columns, tables and types; not with another domain or key', async () => {
  for (const [rule, type, other, value] of [
    [{ with: 'fake' }, 'text', 'character varying(40)', 'alice@example.com'],
    [{ with: 'fake' }, 'integer', 'bigint', '2012345678'],
    [{ with: 'fake' }, 'smallint', 'numeric(12,0)', '12345'],
    [{ with: 'fake' }, 'uuid', 'text', '0190a1b2-0000-7000-8000-00000000000a'],
    [{ with: 'hash' }, 'text', 'character(40)', 'alice'],
  ] as const) {
    const made = await one(rule, type, value);
    assert.notEqual(made, value);
    assert.equal((await one(rule, other, value)).trimEnd(), made);
    assert.notEqual(await one({ ...rule, domain: 'other' }, type, value), made);
    const elsewhere = Masking.open({ rules: [{ table: '*', columns: { '*': rule } }] }, Buffer.alloc(32, 1));
    assert.notEqual(await masked(elsewhere.forTable(table({ x: type })), value), made);
  }
  assert.equal(
    await one({ with: 'hash' }, 'character(40)', 'alice  '),
    `${await one({ with: 'hash' }, 'text', 'alice')}        `,
    'with the blanks that the server gives it',
  );
});

test('a rule that decides nothing is an error, known from names alone', () => {
  const masking = open([
    { table: 'public.accounts', columns: { email: { with: 'fake' }, emial: { with: 'fake' } } },
    { table: 'trading.public.*', columns: { email: { with: 'null' }, phone: { with: 'null' } } },
    { table: 'other.public.accounts', columns: { email: { with: 'null' } } },
  ]);
  const named = { database: 'trading', schema: 'public', table: 'accounts', columns: ['email', 'phone'] };
  assert.deepEqual(
    [...masking.match(named)].map(([column, rule]) => [column, rule.with]),
    [
      ['email', 'fake'],
      ['phone', 'null'],
    ],
  );
  assert.deepEqual(masking.idle(), [
    'public.accounts, emial',
    'trading.public.*, email',
    'other.public.accounts, email',
  ]);
  fails(() => masking.refuseIdle(), 'MASK_IDLE', /"public\.accounts, emial"/);
  masking.match({ ...named, table: 'people', columns: ['email'] });
  masking.match({ ...named, columns: ['emial'] });
  masking.match({ ...named, database: 'other', columns: ['email'] });
  assert.deepEqual(masking.idle(), ['other.public.accounts, email'], 'the first rule takes the column');
  assert.equal(masking.forTable(table({ x: 'text' })), undefined);
});

test('a table stands for its partitions', async () => {
  const masking = open([{ table: 'public.accounts', columns: { email: { with: 'constant', value: 'x' } } }]);
  const partition = table(
    { email: 'text' },
    { table: 'accounts_2026', ancestors: [{ schema: 'public', table: 'accounts' }] },
  );
  assert.equal(await masked(masking.forTable(partition), 'a@b.c\n'), 'x\n');
  masking.refuseIdle();
});

test('hash and fake need a key that is long enough; the others none', () => {
  const rules = (rule: ColumnRule): MaskRules => [{ table: 'accounts', columns: { note: { with: 'null' }, x: rule } }];
  fails(() => Masking.open({ rules: rules({ with: 'fake' }) }, undefined), 'MASK_KEY', /"accounts, x: fake"/);
  fails(() => Masking.open({ rules: rules({ with: 'hash' }) }, Buffer.alloc(15)), 'MASK_KEY', /15 bytes/);
  assert.ok(Masking.open({ rules: rules({ with: 'constant', value: 1 }) }, undefined));
});

test('bytes of a database without an encoding survive', async () => {
  const masking = open([{ table: '*', columns: { x: { with: 'fake' }, z: { with: 'hash' } } }]);
  const sample = table({ x: 'text', y: 'text', z: 'text' }, { encoding: 'SQL_ASCII' });
  const made = await masked(masking.forTable(sample), 'a\xff\xfe\t\xff\xfe\t\xe9\n', 'latin1');
  assert.match(made, /^[a-z][\x80-\xff]{2}\t\xff\xfe\t[0-9a-f]{32}\n$/);
});

test('letters of a database of single bytes stay letters, and bytes', async () => {
  const masking = open([
    { table: '*', columns: { x: { with: 'fake' }, y: { with: 'constant', value: 'ł' }, z: { with: 'hash' } } },
  ]);
  const sample = table({ x: 'text', y: 'text', z: 'text' }, { encoding: 'LATIN2' });
  // Żółć, as LATIN2 has it.
  const made = await masked(masking.forTable(sample), '\xaf\xf3\xb3\xe6\ta\t\xaf\n', 'latin1');
  const [x = '', y, z] = made.trimEnd().split('\t');
  assert.match(new TextDecoder('iso-8859-2').decode(Buffer.from(x, 'latin1')), /^\p{Lu}\p{Ll}{3}$/u);
  assert.notEqual(x, '\xaf\xf3\xb3\xe6');
  assert.equal(y, '\xb3');
  assert.equal(z, (await one({ with: 'hash' }, 'text', 'Ż')).trimEnd(), 'a hash is of what is meant, not of bytes');
  const foreign = open([{ table: '*', columns: { x: { with: 'constant', value: '日' } } }]);
  fails(() => foreign.forTable(sample), 'MASK_UNFIT', /LATIN2/);
});
