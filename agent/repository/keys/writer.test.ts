import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '../encoding.ts';
import { objectHeader } from '../object.ts';
import { refusal } from '../refusal.ts';
import { generateKeyPair } from './hpke.ts';
import { signObject } from './signed-object.ts';
import { generateSigner } from './signing.ts';
import { flipped } from './test-keys.ts';
import { decodeWriter, encodeWriter } from './writer.ts';

const signer = generateSigner();
const writer = {
  id: '00112233445566778899aabbccddeeff',
  repository: 'ffeeddccbbaa99887766554433221100',
  host: 'web1.example.net',
  publicKey: signer.publicKey,
  joinKey: generateKeyPair().publicKey,
  created: '2026-03-01T12:00:00.123Z',
};
const key = `keys/writers/${writer.id}`;
const object = encodeWriter(writer, signer);

test('comes back as it was', () => {
  assert.deepEqual(decodeWriter(object, key), writer);
  assert.deepEqual(object.subarray(0, 8), objectHeader('writer'));
});

test('a bit flipped anywhere is seen', () => {
  for (let bit = 0; bit < object.length * 8; bit++) {
    assert.throws(
      () => decodeWriter(flipped(object, bit), key),
      refusal('OBJECT_DAMAGED', 'SIGNATURE_INVALID', 'FORMAT_NEWER'),
    );
  }
});

test('cut anywhere, or longer, is damage', () => {
  for (let length = 0; length < object.length; length++) {
    assert.throws(() => decodeWriter(object.subarray(0, length), key), refusal('OBJECT_DAMAGED', 'SIGNATURE_INVALID'));
  }
  assert.throws(() => decodeWriter(Buffer.concat([object, Buffer.of(0)]), key), refusal('OBJECT_DAMAGED'));
});

test('signed by another key than the one it names', () => {
  assert.throws(() => decodeWriter(encodeWriter(writer, generateSigner()), key), refusal('SIGNATURE_INVALID'));
});

test('under the name of another writer', () => {
  assert.throws(() => decodeWriter(object, `keys/writers/${writer.repository}`), refusal('OBJECT_DAMAGED'));
});

test('fields that are missing, malformed or left over', () => {
  const { host, ...hostless } = writer;
  const wrong = [
    hostless,
    { ...writer, extra: 1 },
    { ...writer, id: writer.id.toUpperCase() },
    { ...writer, id: writer.id.slice(2) },
    { ...writer, host: 7 },
    { ...writer, publicKey: signer.publicKey.subarray(1) },
    { ...writer, joinKey: writer.joinKey.subarray(1) },
    { ...writer, created: '2026-03-01' },
    { ...writer, created: 'yesterday' },
    [host],
    null,
  ];
  for (const value of wrong) {
    assert.throws(() => decodeWriter(signObject('writer', value, signer), key), refusal('OBJECT_DAMAGED'));
  }
  assert.throws(() => decodeWriter(signObject('epoch', writer, signer), key), refusal('OBJECT_DAMAGED'));
  assert.ok(encode(writer).length > 0);
});
