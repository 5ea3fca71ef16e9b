import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { HoldfastError } from '../contract/index.ts';
import { truncations } from './damage-cases.ts';
import type { Birth } from './frame.ts';
import { refusal } from './refusal.ts';
import {
  BIRTH_BYTES,
  decodeBirth,
  decodeTable,
  encodeBirth,
  encodeTable,
  type PackFrame,
  type PackTable,
} from './table.ts';

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const birth: fc.Arbitrary<Birth> = fc.record(
  {
    salt: bytesOf(32),
    epoch: bytesOf(16),
    enc: bytesOf(32),
    sealedKey: bytesOf(48),
    commitment: bytesOf(32),
  },
  { noNullPrototype: true },
);
const frame = fc.record(
  {
    sealedLength: fc.integer({ min: 17, max: 5000 }),
    ordinal: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    codec: fc.integer({ min: 0, max: 255 }),
    birth: fc.nat(),
    lengths: fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 5 }),
  },
  { noNullPrototype: true },
);
const table: fc.Arbitrary<PackTable> = fc
  .tuple(fc.array(birth, { minLength: 1, maxLength: 3 }), fc.array(frame, { maxLength: 5 }), fc.nat())
  .map(([births, shapes, seed]) => {
    const frames: PackFrame[] = [];
    let [offset, firstChunk] = [8, 0];
    for (const { lengths, ...shape } of shapes) {
      const plainLength = lengths.reduce((a, b) => a + b);
      const chunkCount = lengths.length;
      frames.push({ ...shape, birth: shape.birth % births.length, offset, plainLength, firstChunk, chunkCount });
      offset += shape.sealedLength;
      firstChunk += chunkCount;
    }
    const ids = Uint8Array.from({ length: firstChunk * 32 }, (_, i) => (i * 31 + seed) & 255);
    return { births, frames, ids, lengths: Uint32Array.from(shapes.flatMap((shape) => shape.lengths)) };
  });

test('tables and births are read back as they were', () => {
  fc.assert(
    fc.property(table, (t) => {
      assert.deepStrictEqual(decodeTable(encodeTable(t)), t);
    }),
  );
  fc.assert(
    fc.property(birth, (b) => {
      const bytes = encodeBirth(b);
      assert.equal(bytes.length, BIRTH_BYTES);
      assert.deepEqual(decodeBirth(bytes, 0), b);
    }),
  );
});

const sample: PackTable = {
  births: [
    {
      salt: new Uint8Array(32),
      epoch: new Uint8Array(16),
      enc: new Uint8Array(32),
      sealedKey: new Uint8Array(48),
      commitment: new Uint8Array(32),
    },
  ],
  frames: [
    { offset: 8, sealedLength: 30, plainLength: 7, birth: 0, ordinal: 0, codec: 0, firstChunk: 0, chunkCount: 2 },
  ],
  ids: new Uint8Array(64),
  lengths: Uint32Array.of(3, 4),
};

test('a table at an odd offset in its buffer is read', () => {
  const shifted = new Uint8Array(encodeTable(sample).length + 1);
  shifted.set(encodeTable(sample), 1);
  assert.deepEqual(decodeTable(shifted.subarray(1)), sample);
});

const lies: Readonly<Record<string, (view: DataView) => void>> = {
  'more births than it holds': (view) => view.setUint32(0, 2, true),
  'counts that add up to petabytes': (view) =>
    [0, 4, 8].forEach((at) => {
      view.setUint32(at, 0xffffffff, true);
    }),
  'a frame more and chunks fewer': (view) => view.setUint32(4, 0xfffffff, true),
  'an empty sealed frame': (view) => view.setUint32(172, 16, true),
  'a frame past 64 MiB': (view) => view.setUint32(172, 0x7fffffff, true),
  'a plain length that its chunks do not have': (view) => view.setUint32(176, 8, true),
  'a frame of 4 GiB': (view) => view.setUint32(176, 0xffffffff, true),
  'a frame without chunks': (view) => view.setUint32(184, 0, true),
  'a frame with fewer chunks than there are': (view) => view.setUint32(184, 1, true),
  'a frame with more chunks than there are': (view) => view.setUint32(184, 0xffffffff, true),
  'a birth that is not there': (view) => view.setUint16(188, 1, true),
  'a reserved byte': (view) => view.setUint8(191, 1),
  'an empty chunk': (view) => view.setUint32(256, 0, true),
};

for (const [what, lie] of Object.entries(lies)) {
  test(`refuses ${what}`, () => {
    const bytes = encodeTable(sample);
    lie(new DataView(bytes.buffer));
    assert.throws(() => decodeTable(bytes), refusal('TABLE_DAMAGED'));
  });
}

test('refuses a table that is cut or has more behind it', () => {
  const bytes = encodeTable(sample);
  for (const cut of truncations(bytes)) assert.throws(() => decodeTable(cut.bytes), refusal('TABLE_DAMAGED'), cut.what);
  assert.throws(() => decodeTable(Buffer.concat([bytes, Buffer.alloc(1)])), refusal('TABLE_DAMAGED'));
});

test('random tables are read to the same bytes or refused', () => {
  const near = fc.tuple(fc.nat({ max: encodeTable(sample).length - 1 }), fc.nat({ max: 255 })).map(([at, value]) => {
    const bytes = encodeTable(sample);
    bytes[at] = value;
    return bytes;
  });
  fc.assert(
    fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 400 })), (bytes) => {
      try {
        assert.deepEqual(Buffer.from(encodeTable(decodeTable(bytes))), Buffer.from(bytes));
      } catch (error) {
        assert.ok(error instanceof HoldfastError && error.failure.code === 'TABLE_DAMAGED', String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
