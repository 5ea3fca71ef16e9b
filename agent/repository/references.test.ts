import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { HoldfastError } from '../contract/index.ts';
import { truncations } from './damage-cases.ts';
import { decodeReferences, encodeReferences, type References } from './references.ts';
import { refusal } from './refusal.ts';

const salt = fc.uint8Array({ minLength: 32, maxLength: 32 });
const ordinals = fc
  .uniqueArray(fc.oneof(fc.nat({ max: 1000 }), fc.integer({ min: 0, max: 2 ** 32 - 1 })), {
    minLength: 1,
    maxLength: 20,
  })
  .map((numbers) => Uint32Array.from(numbers).sort());
const references: fc.Arbitrary<References> = fc
  .uniqueArray(salt, { selector: (bytes) => Buffer.from(bytes).toString('hex'), maxLength: 6 })
  .chain((salts) => fc.tuple(...salts.map((s) => ordinals.map((o) => ({ salt: s, ordinals: o })))))
  .map((births) => ({ births }));

function sorted({ births }: References): References {
  return { births: births.toSorted((a, b) => Buffer.compare(a.salt, b.salt)) };
}

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

test('references are read back, births by ascending salt', () => {
  fc.assert(
    fc.property(references, (r) => {
      assert.deepStrictEqual(decodeReferences(encodeReferences(r), 'k'), sorted(r));
    }),
  );
});

test('a run of frames takes a byte for each', () => {
  const births = [{ salt: new Uint8Array(32), ordinals: Uint32Array.from({ length: 1000 }, (_, i) => i) }];
  assert.equal(encodeReferences({ births }).length, 4 + 32 + 4 + 1000);
});

test('ordinals that do not ascend are not written', () => {
  for (const ordinals of [Uint32Array.of(1, 1), Uint32Array.of(2, 1)]) {
    assert.throws(() => encodeReferences({ births: [{ salt: new Uint8Array(32), ordinals }] }), RangeError);
  }
});

const zeros = '00'.repeat(32);
const ones = '01'.repeat(32);
const refused: Readonly<Record<string, string>> = {
  'more births than there can be': 'ffffffff',
  'a birth more than there is': `02000000 ${zeros} 01000000 00`,
  'a birth without ordinals': `01000000 ${zeros} 00000000 00`,
  'more ordinals than there are': `01000000 ${zeros} ffffffff 00`,
  'births out of order': `02000000 ${ones} 01000000 00 ${zeros} 01000000 00`,
  'a birth twice': `02000000 ${ones} 01000000 00 ${ones} 01000000 00`,
  'a number longer than it needs to be': `01000000 ${zeros} 01000000 8000`,
  'a number of six bytes': `01000000 ${zeros} 01000000 808080808001`,
  'an ordinal of 2^32': `01000000 ${zeros} 01000000 8080808010`,
  'ordinals that add up to more': `01000000 ${zeros} 02000000 ffffffff0f 00`,
  'a number cut short': `01000000 ${zeros} 01000000 80`,
  'bytes behind the end': `01000000 ${zeros} 01000000 00 00`,
};

for (const [what, bytes] of Object.entries(refused)) {
  test(`refuses ${what}`, () => {
    assert.throws(() => decodeReferences(hex(bytes), 'k'), refusal('OBJECT_DAMAGED'));
  });
}

test('cut or random references are refused, or written again to the same bytes', () => {
  const bytes = hex(`02000000 ${zeros} 02000000 00 ff01 ${ones} 01000000 05`);
  assert.equal(decodeReferences(bytes, 'k').births.length, 2);
  for (const cut of truncations(bytes)) {
    assert.throws(() => decodeReferences(cut.bytes, 'k'), refusal('OBJECT_DAMAGED'), cut.what);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat({ max: 3 }), (tail, count) => {
      const random = Buffer.concat([Buffer.of(count, 0, 0, 0), tail]);
      try {
        assert.deepEqual(Buffer.from(encodeReferences(decodeReferences(random, 'k'))), random);
      } catch (error) {
        assert.ok(error instanceof HoldfastError && error.failure.code === 'OBJECT_DAMAGED', String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
