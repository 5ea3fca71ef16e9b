import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CachedFile, decodeFolder, encodeFolder } from './folder-record.ts';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const file: fc.Arbitrary<CachedFile> = fc.record({
  size: fc.maxSafeNat(),
  mtimeNs: int64,
  ctimeNs: int64,
  inode: int64,
  device: int64,
  plainFor: fc.nat(0xffff_ffff),
  chunks: fc.nat(3).chain((n) => fc.uint8Array({ minLength: n * 36, maxLength: n * 36 })),
});
const name = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const files = fc.array(fc.tuple(name, file), { maxLength: 8 }).map((entries) => new Map(entries));
const context = Buffer.from('here');

test('a folder comes back as it was, whatever its names, sizes and times', () => {
  fc.assert(
    fc.property(files, (folder) => {
      const back = decodeFolder(encodeFolder(folder, context), context);
      assert.deepEqual(back && plain(back), plain(folder));
    }),
  );
});

test('a flipped bit or a missing end makes the record absent', () => {
  fc.assert(
    fc.property(files, fc.nat(), fc.nat(7), (folder, position, bit) => {
      const record = encodeFolder(folder, context);
      const at = position % record.length;
      assert.equal(decodeFolder(record.subarray(0, at), context), undefined);
      record[at] = (record[at] ?? 0) ^ (1 << bit);
      assert.equal(decodeFolder(record, context), undefined);
    }),
  );
});

test('a record is not taken for that of another folder', () => {
  assert.equal(decodeFolder(encodeFolder(new Map(), context), Buffer.from('there')), undefined);
});

test('what is not a list of chunks is refused', () => {
  const bad = { size: 1, mtimeNs: 0n, ctimeNs: 0n, inode: 0n, device: 0n, plainFor: 0, chunks: new Uint8Array(35) };
  assert.throws(() => encodeFolder(new Map([['a', bad]]), context), RangeError);
});

// A view on a larger buffer is not deepEqual to a plain array's bytes by type alone.
function plain(folder: ReadonlyMap<string, CachedFile>): [string, object][] {
  return [...folder].map(([key, value]) => [key, { ...value, chunks: Buffer.from(value.chunks).toString('hex') }]);
}
