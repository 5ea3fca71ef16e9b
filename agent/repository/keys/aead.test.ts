import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { aeadOpen, aeadSeal, deriveKey } from './aead.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const key = new Uint8Array(randomBytes(32));
const nonce = new Uint8Array(12);
const aad = Buffer.from('of a frame');
const message = Buffer.from('a short message');

test('AES-256-GCM: test case 16 of the GCM specification', () => {
  const sealed = aeadSeal(
    hex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308'),
    hex('cafebabefacedbaddecaf888'),
    hex(
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    ),
    hex('feedfacedeadbeeffeedfacedeadbeefabaddad2'),
  );
  assert.equal(Buffer.from(sealed.subarray(-16)).toString('hex'), '76fc6ece0f4e1768cddf8853bb2d551b');
  assert.equal(Buffer.from(sealed.subarray(0, 8)).toString('hex'), '522dc1f099567d07');
});

test('HKDF-SHA-256: test case 3 of RFC 5869', () => {
  const derived = deriveKey(new Uint8Array(22).fill(0x0b), new Uint8Array(), '', 42);
  assert.deepEqual(
    derived,
    hex('8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8'),
  );
});

test('what was sealed opens, whatever the lengths', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(bytes, bytes, (plaintext, context) => {
      const sealed = aeadSeal(key, nonce, plaintext, context);
      assert.equal(sealed.length, plaintext.length + 16);
      assert.deepEqual(aeadOpen(key, nonce, sealed, context), plaintext);
    }),
  );
});

test('a bit flipped anywhere, in ciphertext or tag, is seen', () => {
  const sealed = aeadSeal(key, nonce, message, aad);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const flipped = Uint8Array.from(sealed);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(aeadOpen(key, nonce, flipped, aad), undefined, `bit ${bit}`);
  }
});

test('a truncated tag is never enough, down to nothing at all', () => {
  const sealed = aeadSeal(key, nonce, message, aad);
  for (let length = 0; length < sealed.length; length++) {
    assert.equal(aeadOpen(key, nonce, sealed.subarray(0, length), aad), undefined, `${length} bytes`);
  }
  assert.equal(aeadOpen(key, nonce, Buffer.concat([sealed, Buffer.of(0)]), aad), undefined);
});

test('another AAD, nonce or key does not open', () => {
  const sealed = aeadSeal(key, nonce, message, aad);
  assert.equal(aeadOpen(key, nonce, sealed, Buffer.from('of a fram')), undefined);
  assert.equal(aeadOpen(key, nonce, sealed, new Uint8Array()), undefined);
  assert.equal(aeadOpen(key, Uint8Array.from(nonce).fill(1, 11), sealed, aad), undefined);
  assert.equal(aeadOpen(new Uint8Array(randomBytes(32)), nonce, sealed, aad), undefined);
});

test('keys and nonces of another length are a mistake in the program', () => {
  assert.throws(() => aeadSeal(new Uint8Array(16), nonce, message, aad), RangeError);
  assert.throws(() => aeadSeal(key, new Uint8Array(16), message, aad), RangeError);
  assert.throws(() => aeadOpen(key, new Uint8Array(0), message, aad), RangeError);
});
