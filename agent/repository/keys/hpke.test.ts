import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import fc from 'fast-check';
import { refusal } from '../refusal.ts';
import { generateKeyPair, hpkeOpen, hpkeSeal, publicKeyOf } from './hpke.ts';

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const plain = (text: string) => new Uint8Array(Buffer.from(text));
const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const info = plain('holdfast v1 pack');
const aad = plain('domain and epoch');

test('opens the vector of RFC 9180 for this suite', () => {
  // The RFC prints X25519 only with other AEADs; this is its companion file (mode 0, kem 32, kdf 1, aead 2, first encryption).
  const privateKey = hex('497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d');
  const enc = hex('6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256');
  const sealed = hex('e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a');
  assert.deepEqual(publicKeyOf(privateKey), hex('430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c'));
  assert.deepEqual(
    hpkeOpen(privateKey, enc, plain('Ode on a Grecian Urn'), plain('Count-0'), sealed),
    plain('Beauty is truth, truth beauty'),
  );
});

test('what we seal, an independent implementation opens', async () => {
  const pair = generateKeyPair();
  for (const length of [0, 1, 32, 1000]) {
    const message = new Uint8Array(randomBytes(length));
    const { enc, sealed } = hpkeSeal(pair.publicKey, info, aad, message);
    const recipientKey = await suite.kem.deserializePrivateKey(pair.privateKey);
    const recipient = await suite.createRecipientContext({ recipientKey, enc, info });
    assert.deepEqual(new Uint8Array(await recipient.open(sealed, aad)), message);
  }
});

test('what an independent implementation seals, we open', async () => {
  const pair = generateKeyPair();
  for (const length of [1, 32, 1000]) {
    const message = new Uint8Array(randomBytes(length));
    const recipientPublicKey = await suite.kem.deserializePublicKey(pair.publicKey);
    const sender = await suite.createSenderContext({ recipientPublicKey, info });
    const sealed = new Uint8Array(await sender.seal(message, aad));
    assert.deepEqual(hpkeOpen(pair.privateKey, new Uint8Array(sender.enc), info, aad, sealed), message);
  }
});

test('opens with the right key, info and AAD, and with nothing else', () => {
  const [pair, other] = [generateKeyPair(), generateKeyPair()];
  const message = randomBytes(32);
  const { enc, sealed } = hpkeSeal(pair.publicKey, info, aad, message);
  assert.deepEqual(hpkeOpen(pair.privateKey, enc, info, aad, sealed), new Uint8Array(message));
  assert.equal(hpkeOpen(other.privateKey, enc, info, aad, sealed), undefined);
  assert.equal(hpkeOpen(pair.privateKey, other.publicKey, info, aad, sealed), undefined);
  assert.equal(hpkeOpen(pair.privateKey, enc, aad, aad, sealed), undefined);
  assert.equal(hpkeOpen(pair.privateKey, enc, info, info, sealed), undefined);
});

test('a flipped bit or a cut anywhere is seen', () => {
  const pair = generateKeyPair();
  const { enc, sealed } = hpkeSeal(pair.publicKey, info, aad, randomBytes(32));
  const flip = (bytes: Uint8Array, bit: number) =>
    bytes.map((byte, at) => (at === Math.floor(bit / 8) % bytes.length ? byte ^ (1 << (bit % 8)) : byte));
  fc.assert(
    fc.property(fc.nat({ max: 32 * 8 - 1 }), (bit) => {
      // The top bit of an X25519 coordinate is not part of it (RFC 7748, section 5), but is bound into the key all the same.
      assert.equal(hpkeOpen(pair.privateKey, flip(enc, bit), info, aad, sealed), undefined);
      assert.equal(hpkeOpen(pair.privateKey, enc, info, aad, flip(sealed, bit)), undefined);
    }),
  );
  for (const cut of [0, 15, 16, 47]) {
    assert.equal(hpkeOpen(pair.privateKey, enc, info, aad, sealed.subarray(0, cut)), undefined);
  }
  for (const cut of [0, 31])
    assert.equal(hpkeOpen(pair.privateKey, enc.subarray(0, cut), info, aad, sealed), undefined);
});

// All points of small order and their non-canonical forms, RFC 7748, section 6.1: any private key makes zero of them.
const LOW_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];

test('public keys of low order are refused, and messages under them do not open', () => {
  const pair = generateKeyPair();
  for (const point of LOW_ORDER) {
    assert.throws(() => hpkeSeal(hex(point), info, aad, randomBytes(32)), refusal('KEY_DAMAGED'), point);
    assert.equal(hpkeOpen(pair.privateKey, hex(point), info, aad, new Uint8Array(48)), undefined, point);
  }
  assert.throws(() => hpkeSeal(pair.publicKey.subarray(1), info, aad, randomBytes(32)), refusal('KEY_DAMAGED'));
});

test('sealing the same twice gives nothing alike', () => {
  const { publicKey } = generateKeyPair();
  const [one, two] = [hpkeSeal(publicKey, info, aad, info), hpkeSeal(publicKey, info, aad, info)];
  assert.notDeepEqual(one.enc, two.enc);
  assert.notDeepEqual(one.sealed, two.sealed);
});
