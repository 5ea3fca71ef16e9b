import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { presentable } from './log-writer.ts';

for (const [text, expected] of [
  ['nothing to hide', 'nothing to hide'],
  ['at https://user:pass@host/path?x=a@b', 'at https://…@host/path?x=a@b'],
  ['at postgres://user:p@ss@host:5432/db', 'at postgres://…@host:5432/db'],
  ['two: s3+https://a:b@c and redis://:secret@d', 'two: s3+https://…@c and redis://…@d'],
  ['mail to someone@example.net, see https://example.net/', 'mail to someone@example.net, see https://example.net/'],
  ['half \ud83d', 'half \ufffd'],
] as const) {
  test(`${JSON.stringify(text)} is sent as ${JSON.stringify(expected)}`, () =>
    assert.equal(presentable(text), expected));
}

test('any text becomes one of bounded length and valid Unicode', () => {
  const unit = fc.oneof(fc.string({ unit: 'binary', minLength: 3000, maxLength: 6000 }), fc.string());
  fc.assert(
    fc.property(unit, (text) => {
      const sent = presentable(text);
      assert.ok(sent.length <= 4096);
      assert.ok(sent.isWellFormed());
    }),
  );
});

test('a long hostile text takes no long time', () => {
  assert.equal(presentable(`${'a://'.repeat(100_000)}@`).length < 5000, true);
});
