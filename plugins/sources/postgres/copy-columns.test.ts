import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnNames, quotedNames, tableOfCopy } from './copy-columns.ts';

const statements: readonly (readonly [copy: string, table: string, columns: readonly string[]])[] = [
  ['COPY public.orders (id, customer) FROM stdin;\n', 'public.orders', ['id', 'customer']],
  ['COPY public.no_columns  FROM stdin;\n', 'public.no_columns', []],
  ['COPY public."x\'y\\z" (a) FROM stdin;\n', 'public."x\'y\\z"', ['a']],
  [
    'COPY "Odd.Schema / %25 ""quoted"""."Odd/table (a) ; DROP" ("select", "a, b", "c ""d"") FROM stdin;", "ünï") FROM stdin;\n',
    '"Odd.Schema / %25 ""quoted"""."Odd/table (a) ; DROP"',
    ['select', 'a, b', 'c "d") FROM stdin;', 'ünï'],
  ],
];

for (const [copy, table, columns] of statements)
  test(`read: ${copy.trim()}`, () => {
    assert.equal(tableOfCopy(copy), table);
    assert.deepEqual(columnNames(copy), columns);
    assert.equal(`COPY ${table} (${quotedNames(copy).join(', ')}) FROM stdin;\n`.replace(' ()', ' '), copy);
  });
