import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decode, encode, type Value } from './encoding.ts';
import { refusal } from './refusal.ts';

const wellFormed = fc.string({ unit: 'binary' });
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noDefaultInfinity: true, noNaN: true }).map((n) => n + 0),
    fc.bigInt({ min: 1n << 60n, max: (1n << 64n) - 1n }),
    fc.bigInt({ min: -(1n << 64n), max: -(1n << 60n) }),
    wellFormed,
    fc.uint8Array(),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(wellFormed, tie('value'), { maxKeys: 5 }).map((o) => ({ ...o })),
  ),
}));

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

test('what is written is read back, and written again to the same bytes', () => {
  fc.assert(
    fc.property(value, (v) => {
      const bytes = encode(v);
      const back = decode(bytes);
      assert.deepStrictEqual(back, v);
      assert.deepEqual(Buffer.from(encode(back)), Buffer.from(bytes));
    }),
  );
});

test('map keys are in the byte order of RFC 8949, 4.2.1', () => {
  // The lengths differ, and the longer key has the smaller head only in the older, length-first order.
  assert.equal(Buffer.from(encode({ b: 1, aa: 2, a: 3 })).toString('hex'), 'a3616103616201626161' + '02');
});

test('text keeps a leading byte order mark, and __proto__ is a key like any other', () => {
  const text = '\uFEFFa text that is longer than thirty-two bytes';
  assert.equal(decode(encode(text)), text);
  const back = decode(hex('a1695f5f70726f746f5f5f01'));
  assert.deepEqual(Object.entries(back as object), [['__proto__', 1]]);
  assert.equal(Object.getPrototypeOf(back), Object.prototype);
});

const refused: Readonly<Record<string, string>> = {
  nothing: '',
  'trailing bytes': '0101',
  'a head longer than needed': '1801',
  'an array length longer than needed': '9800',
  'a float that has a shorter form': 'fb3ff0000000000000',
  'a float that is an integer': 'f93c00',
  NaN: 'f97e00',
  infinity: 'f97c00',
  'negative zero': 'f98000',
  undefined: 'f7',
  'a simple value': 'f0',
  'an array without end': '9fff',
  'a text without end': '7f6161ff',
  'a lone break': 'ff',
  'a tag': 'c100',
  'a duplicate key': 'a2616101616102',
  'keys out of order': 'a2616201616102',
  'a key that is a number': 'a10101',
  'bad UTF-8': '61ff',
  'a surrogate in UTF-8': '63eda080',
  'an array that promises 2^32 - 1 items': '9affffffff',
  'a map that promises 2^53 - 1 pairs': 'bb001fffffffffffff',
  'bytes that promise 2^32 - 1': '5affffffff00',
  'text that promises 2^64 - 1': '7bffffffffffffffff61',
};

for (const [what, bytes] of Object.entries(refused)) {
  test(`refuses ${what}`, () => {
    assert.throws(() => decode(hex(bytes)), refusal('OBJECT_DAMAGED'));
  });
}

test('refuses nesting that would exhaust the stack, and allows 64', () => {
  const nested = (depth: number) => hex(`${'81'.repeat(depth)}01`);
  assert.throws(() => decode(nested(65)), refusal('OBJECT_DAMAGED'));
  assert.throws(() => decode(nested(1_000_000)), refusal('OBJECT_DAMAGED'));
  assert.deepEqual(encode(decode(nested(64))), nested(64));
});

test('random bytes are read or refused, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        assert.deepEqual(Buffer.from(encode(decode(bytes))), Buffer.from(bytes));
      } catch (error) {
        assert.ok(error instanceof Error && 'failure' in error, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test('refuses to write what could not be read back', () => {
  let deep: Value = 1;
  for (let i = 0; i < 65; i++) deep = [deep];
  const values: unknown[] = [undefined, { a: undefined }, Number.NaN, [Infinity], '\ud800', { '\udfff': 1 }, 1n << 64n];
  for (const v of [...values, deep, () => 1, Symbol('s')]) {
    assert.throws(() => encode(v as Value), refusal('VALUE_UNENCODABLE'));
  }
});
