import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { generateSigner, signerFrom, verifySignature } from './signing.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

test('signs as RFC 8032, section 7.1, test 2 says', () => {
  const signer = signerFrom(hex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'));
  assert.deepEqual(signer.publicKey, hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'));
  assert.deepEqual(
    signer.sign(hex('72')),
    hex(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ),
  );
});

test('a seed brings the same signer back', () => {
  const signer = generateSigner();
  const again = signerFrom(signer.seed);
  assert.equal(signer.seed.length, 32);
  assert.deepEqual(again.publicKey, signer.publicKey);
  assert.ok(verifySignature(signer.publicKey, hex('00'), again.sign(hex('00'))));
  assert.throws(() => signerFrom(new Uint8Array(31)), RangeError);
});

test('a flipped bit anywhere, another key or another length is no signature', () => {
  const signer = generateSigner();
  const bytes = hex('0102030405');
  const signature = signer.sign(bytes);
  assert.ok(verifySignature(signer.publicKey, bytes, signature));
  for (let bit = 0; bit < 64 * 8; bit++) {
    const flipped = Uint8Array.from(signature);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(verifySignature(signer.publicKey, bytes, flipped), false);
  }
  assert.equal(verifySignature(generateSigner().publicKey, bytes, signature), false);
  assert.equal(verifySignature(signer.publicKey, hex('01020304'), signature), false);
  assert.equal(verifySignature(signer.publicKey, bytes, signature.subarray(1)), false);
  assert.equal(verifySignature(new Uint8Array(), bytes, signature), false);
  // Not a point on the curve.
  assert.equal(verifySignature(new Uint8Array(32).fill(0xff), bytes, signature), false);
});

test('printing a signer does not show its seed', () => {
  const signer = signerFrom(new Uint8Array(32).fill(0xab));
  const shown = inspect(signer, { depth: 9, showHidden: true }) + JSON.stringify(signer);
  assert.doesNotMatch(shown, /abab|171,\s*171|ab ab|"\d+":171/);
});
