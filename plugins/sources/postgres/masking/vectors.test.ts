import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Masking } from './masking.ts';
import type { ColumnRule } from './rules.ts';

/** Computed by a program in another language that was written from the description in permutation.ts and MASKING.md. */
const FAKES = [
  ['1234', '5417', '1173'],
  ['+49 170 1234567', '+99 743 2387626', '+85 295 6171434'],
  ['Alice.Miller@example.com', 'Anjhq.Bzmdiv@cxreuok.dbn', 'Szkqj.Ezicsk@lhkjznz.qux'],
  ['DE89370400440532013000', 'AG45556222243648948898', 'QV27153066096198156946'],
  [
    'Once upon a time there was a value that was longer than a block, 1001 of them.',
    'Jfyr yjmm q lplx fbmta dhs u czoua ssiy qoc rwfnyp szqx t xiqkg, 3560 nm vfqb.',
    'Wyzf xvnt d dqeh vvjbz dwc r wubvr vzuj drs fyybah bahm q fdwko, 7127 dh bxrw.',
  ],
] as const;

/** What stands in a column of text, one value a row, after masking with 32 bytes of 9. */
async function masked(rule: ColumnRule, values: readonly string[]): Promise<string[]> {
  const columns = [{ name: 'x', type: 'text', nullable: true }];
  const masking = Masking.open({ rules: [{ table: 't', columns: { x: rule } }] }, Buffer.alloc(32, 9));
  async function* rows() {
    yield Buffer.from(values.map((value) => `${value}\n`).join(''));
  }
  const mask = masking.forTable({ database: 'd', schema: 's', table: 't', columns });
  let text = '';
  for await (const part of mask?.apply(rows()) ?? []) text += Buffer.from(part).toString();
  return text.trimEnd().split('\n');
}

test('the same key makes the same of the same value in every version: other restores can be joined', async () => {
  const values = FAKES.map(([value]) => value);
  assert.deepEqual(
    await masked({ with: 'fake' }, values),
    FAKES.map(([, made]) => made),
  );
  assert.deepEqual(
    await masked({ with: 'fake', domain: 'payroll' }, values),
    FAKES.map(([, , made]) => made),
  );
  assert.deepEqual(await masked({ with: 'hash' }, ['Alice']), ['24e5ad6f5ff4f5c3434cce830a50f296']);
});
