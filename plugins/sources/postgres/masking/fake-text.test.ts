import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Alphabets } from './alphabet.ts';
import { distinct } from './distinct.fixture.ts';
import { FakeText } from './fake-text.ts';
import { Permutation } from './permutation.ts';

const permutation = new Permutation(Buffer.alloc(32, 5));
const text = new FakeText(permutation, alphabets('UTF8'));

function alphabets(encoding: string): Alphabets {
  return Alphabets.of(encoding) ?? assert.fail(encoding);
}

const kindOf = (letter: string) =>
  [/\p{Lu}/u, /\p{Ll}/u, /\p{Lo}/u, /\p{Lt}/u, /\p{Lm}/u, /\p{Nd}/u].findIndex((one) => one.test(letter));

test('text keeps its shape: kinds of characters, others as they are, length in characters and bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (value) => {
      const [before, after] = [[...value], [...text.of(value)]];
      assert.deepEqual(after.map(kindOf), before.map(kindOf));
      for (const [i, one] of before.entries()) {
        if (kindOf(one) === -1) assert.equal(after[i], one);
        assert.equal(Buffer.byteLength(after[i] as string), Buffer.byteLength(one));
      }
      assert.equal(text.of(value), after.join(''));
    }),
    { numRuns: 500 },
  );
});

test('different text stays different, also where few values are', () => {
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const short = letters.flatMap((a) => letters.flatMap((b) => [`${a}${b}`, `${a}-${b}`, `${a}${b.toUpperCase()}`]));
  distinct(
    short.map((one) => text.of(one)),
    short,
  );
  const mails = Array.from({ length: 5000 }, (_, i) => `user.${i}@example.com`);
  distinct(
    mails.map((one) => text.of(one)),
    mails,
  );
  const greek = [...'αβγδεζηθικλμνξοπρςστυφχψωάέήίόύώ'];
  distinct(
    greek.map((one) => text.of(one)),
    greek,
  );
});

test('no letter or digit is one that must stay', () => {
  for (const value of ['+49 170 1234567', 'DE89370400440532013000', 'Łukasz Żółć', '田中太郎', 'Мария']) {
    const made = Array.from({ length: 8 }, (_, i) =>
      new FakeText(new Permutation(Buffer.alloc(32, i)), alphabets('UTF8')).of(value),
    );
    for (const [i, one] of [...value].entries())
      if (kindOf(one) !== -1)
        assert.ok(
          made.some((other) => [...other][i] !== one),
          `${one} of ${value}`,
        );
  }
});

test('the case of ASCII letters makes no other difference', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (value) =>
      assert.equal(text.of(value.toLowerCase()), text.of(value).toLowerCase()),
    ),
  );
});

test('UUIDs stay UUIDs of their version, in either case, and different', () => {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  fc.assert(
    fc.property(fc.uuid({ version: 4 }), (value) => {
      assert.match(text.of(value), uuid);
      assert.equal(text.of(value.toUpperCase()), text.of(value).toUpperCase());
    }),
  );
  const plain = Array.from({ length: 100 }, (_, i) => `00000000-0000-4000-8000-0000000000${`${i}`.padStart(2, '0')}`);
  for (const one of plain) assert.match(text.of(one), /^\d{8}-\d{4}-4\d{3}-8\d{3}-\d{12}$/);
  distinct(
    plain.map((one) => text.of(one)),
    plain,
  );
  const almost = [...'ghijklmnopqrstuvwxyz'].map((letter) => `00000000-0000-4000-8000-00000000000${letter}`);
  for (const one of almost) assert.doesNotMatch(text.of(one), /[a-f]$/, 'what is none becomes none');
  const near = Array.from(
    { length: 4096 },
    (_, i) => `00000000-0000-7000-8000-000000000${i.toString(16).padStart(3, '0')}`,
  );
  distinct(
    near.map((one) => text.of(one)),
    near,
  );
});

test('letters are those that the encoding of the database has', () => {
  const polish = new FakeText(permutation, alphabets('LATIN2'));
  const known = new TextDecoder('iso-8859-2').decode(Uint8Array.from({ length: 128 }, (_, i) => 128 + i));
  const made = Array.from({ length: 50 }, (_, i) => polish.of(`Żółć gęślą jaźń ${i}`)).join('');
  for (const letter of made) assert.ok(letter < '\x80' || known.includes(letter), letter);
  const bytes = new FakeText(permutation, alphabets('SQL_ASCII'));
  const high = Array.from({ length: 128 }, (_, i) => String.fromCharCode(128 + i));
  assert.deepEqual(high.map((one) => bytes.of(one)).sort(), high);
  assert.equal(Alphabets.of('EUC_JP'), undefined);
});

test('long text is faked as well', () => {
  const long = 'The quick brown fox, 42. '.repeat(20_000);
  const shape = (value: string) => value.replaceAll(/[a-z]/g, 'x').replaceAll(/[A-Z]/g, 'X').replaceAll(/\d/g, '0');
  assert.equal(shape(text.of(long)), shape(long));
  assert.notEqual(
    text.of(long).slice(-1000),
    text.of(`A${long.slice(1)}`).slice(-1000),
    'the end depends on the beginning',
  );
});
