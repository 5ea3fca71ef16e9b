import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import test from 'node:test';
import { flippedBits, truncations } from './damage-cases.ts';
import { decodeFragment, encodeFragment } from './fragment.ts';
import { HEADER_BYTES, objectHeader } from './object.ts';
import { PackWriter } from './pack.ts';
import { refusal } from './refusal.ts';
import { sealRecord } from './sealed.ts';

const domain = randomBytes(16);
const indexKey = randomBytes(32);
const key = 'indexes/d/n';

function somePack(chunkCount: number) {
  const writer = new PackWriter({ domain, indexKey, buffer: new ArrayBuffer(1 << 16) });
  const salt = randomBytes(32);
  const sealedKey = randomBytes(48);
  const birth = { salt, epoch: randomBytes(16), enc: randomBytes(32), sealedKey, commitment: randomBytes(32) };
  const chunks = { ids: randomBytes(chunkCount * 32), lengths: new Uint32Array(chunkCount).fill(9) };
  const frame = { birth: writer.addBirth(birth), ordinal: 3, codec: 1, plainLength: 9 * chunkCount, chunks };
  writer.append({ ...frame, sealed: randomBytes(40) });
  const { bytes, name, table } = writer.seal();
  return { name, size: bytes.length, table, ids: chunks.ids };
}

test('a fragment lists its packs as they were', () => {
  const packs = [somePack(1), somePack(100)];
  const { bytes, name } = encodeFragment({ domain, indexKey, packs });
  assert.equal(name, createHash('sha256').update(bytes).digest('hex'));
  const decoded = decodeFragment(bytes, { domain, indexKey, key });
  assert.deepEqual(
    decoded.map(({ name, size }) => ({ name, size })),
    packs.map(({ name, size }) => ({ name, size })),
  );
  assert.deepEqual(
    decoded.map(({ table }) => Buffer.from(table.ids)),
    packs.map(({ ids }) => ids),
  );
  assert.deepEqual(
    decodeFragment(encodeFragment({ domain, indexKey, packs: [] }).bytes, { domain, indexKey, key }),
    [],
  );
});

test('another index key is told from damage', () => {
  const { bytes } = encodeFragment({ domain, indexKey, packs: [somePack(1)] });
  assert.throws(() => decodeFragment(bytes, { domain, indexKey: randomBytes(32), key }), refusal('WRONG_KEY'));
  assert.throws(() => decodeFragment(bytes, { domain: randomBytes(16), indexKey, key }), refusal('OBJECT_DAMAGED'));
});

test('a fragment cut at any length, or with any bit flipped, is refused', () => {
  const { bytes } = encodeFragment({ domain, indexKey, packs: [somePack(2)] });
  const read = (damaged: Uint8Array) => decodeFragment(damaged, { domain, indexKey, key });
  for (const { what, bytes: cut } of truncations(bytes)) {
    // Cut inside the salt, nothing says which key it was; behind it the key check still does.
    assert.throws(() => read(cut), refusal('OBJECT_DAMAGED'), what);
  }
  for (const { what, bytes: flipped } of flippedBits(bytes)) {
    assert.throws(() => read(flipped), refusal('OBJECT_DAMAGED', 'FORMAT_NEWER'), what);
  }
});

test('a fragment sealed with the right key and wrong inside is refused', () => {
  const { name, size, table } = somePack(1);
  const entry = Buffer.alloc(40 + table.length);
  entry.set(Buffer.from(name, 'hex'));
  entry.writeUInt32LE(size, 32);
  entry.writeUInt32LE(table.length, 36);
  entry.set(table, 40);
  const read = (record: Uint8Array) => {
    const aad = Buffer.concat([objectHeader('index'), domain]);
    const bytes = Buffer.concat([objectHeader('index'), sealRecord(indexKey, 'index', aad, record)]);
    return decodeFragment(bytes, { domain, indexKey, key });
  };
  assert.equal(read(entry).length, 1);
  for (const cut of truncations(entry)) {
    if (cut.bytes.length === 0) continue;
    assert.throws(() => read(cut.bytes), refusal('OBJECT_DAMAGED'), cut.what);
  }
  const longer = Buffer.from(entry);
  longer.writeUInt32LE(0xffffffff, 36);
  assert.throws(() => read(longer), refusal('OBJECT_DAMAGED'));
  const otherSize = Buffer.from(entry);
  otherSize.writeUInt32LE(size + 1, 32);
  assert.throws(() => read(otherSize), refusal('OBJECT_DAMAGED'));
  assert.equal(HEADER_BYTES, 8);
});
