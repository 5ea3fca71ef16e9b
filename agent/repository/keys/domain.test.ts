import assert from 'node:assert/strict';
import { hkdfSync } from 'node:crypto';
import { test } from 'node:test';
import { domainKeys } from './domain.ts';

const secret = new Uint8Array(32).fill(7);
const id = '000102030405060708090a0b0c0d0e0f';

test('three different keys of 32 bytes, the same each time', () => {
  const keys = domainKeys(id, 'web1 default', secret);
  assert.deepEqual(keys, domainKeys(id, 'web1 default', secret));
  const distinct = new Set([keys.idKey, keys.indexKey, keys.chunkerKey].map((key) => Buffer.from(key).toString('hex')));
  assert.equal(distinct.size, 3);
  for (const key of distinct) assert.equal(key.length, 64);
});

test('the id separates domains, the name is only for people', () => {
  const keys = domainKeys(id, 'a', secret);
  assert.deepEqual(domainKeys(id, 'b', secret).idKey, keys.idKey);
  assert.notDeepEqual(domainKeys(id.replace('00', 'ff'), 'a', secret).idKey, keys.idKey);
  assert.notDeepEqual(domainKeys(id, 'a', new Uint8Array(32)).indexKey, keys.indexKey);
});

test('the derivation is that of the format', () => {
  const expected = hkdfSync('sha256', secret, Buffer.from(id, 'hex'), 'holdfast v1 id key', 32);
  assert.deepEqual(domainKeys(id, '', secret).idKey, new Uint8Array(expected));
});
