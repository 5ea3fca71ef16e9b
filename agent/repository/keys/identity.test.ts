import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import * as openpgp from 'openpgp';
import { HoldfastError } from '../../contract/index.ts';
import { refusal } from '../refusal.ts';
import { generateRecoveryKey, unlockIdentity } from './identity.ts';
import { sealTo } from './sealing.ts';
import { BORN, flipped, foreignKey, NOW, PASSPHRASE, person } from './test-keys.ts';

const [alice, bob, eve] = await Promise.all([person('alice'), person('bob'), person('eve')]);
const payload = new Uint8Array(Buffer.from('what is sealed for the recipients'));
const sealed = await sealTo([alice.recipient, bob.recipient], payload, NOW);

test('each recipient opens it alone', async () => {
  assert.deepEqual(new Uint8Array(await alice.identity.decrypt(sealed)), payload);
  assert.deepEqual(new Uint8Array(await bob.identity.decrypt(sealed)), payload);
  assert.equal(alice.identity.fingerprint, alice.recipient.fingerprint);
});

test('wrong passphrase, wrong key and damage are three failures of origin key', async () => {
  const failure = async (attempt: Promise<unknown>) => {
    const thrown: unknown = await attempt.then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(thrown instanceof HoldfastError);
    assert.equal(thrown.failure.origin, 'key');
    assert.ok(thrown.failure.hint);
    return thrown.failure.code;
  };
  assert.equal(await failure(unlockIdentity(alice.armoredPrivate, 'wrong')), 'WRONG_PASSPHRASE');
  assert.equal(await failure(unlockIdentity(alice.armoredPrivate, '')), 'WRONG_PASSPHRASE');
  assert.equal(await failure(eve.identity.decrypt(sealed)), 'WRONG_KEY');
  assert.equal(await failure(alice.identity.decrypt(flipped(sealed, sealed.length * 8 - 1))), 'KEY_DAMAGED');
  assert.equal(await failure(unlockIdentity(alice.armoredPrivate.slice(0, 300), PASSPHRASE)), 'KEY_DAMAGED');
});

test('a bit flipped in the message never gives other bytes', async () => {
  for (let bit = 0; bit < sealed.length * 8; bit += 17) {
    const opened = await alice.identity.decrypt(flipped(sealed, bit)).catch((thrown: unknown) => {
      refusal('KEY_DAMAGED', 'WRONG_KEY')(thrown);
    });
    // The part for the other recipient is not looked at.
    if (opened !== undefined) assert.deepEqual(new Uint8Array(opened), payload);
  }
});

test('what is not a message, or ends early, is damage', async () => {
  for (const length of [0, 1, 100, sealed.length - 1]) {
    await assert.rejects(alice.identity.decrypt(sealed.subarray(0, length)), refusal('KEY_DAMAGED', 'WRONG_KEY'));
  }
  await assert.rejects(alice.identity.decrypt(new Uint8Array(200)), refusal('KEY_DAMAGED'));
});

test('damage to the public part of a private key does not pass for a wrong passphrase', async () => {
  const key = await openpgp.readPrivateKey({ armoredKey: alice.armoredPrivate });
  const bytes = key.write();
  // The first octets after the packet's head are its version and date, which the key's own signature covers.
  const armored = openpgp.armor(openpgp.enums.armor.privateKey, flipped(bytes, 5 * 8));
  await assert.rejects(unlockIdentity(armored, PASSPHRASE), refusal('KEY_DAMAGED'));
});

test('an expired or revoked key still opens what was sealed to it', async () => {
  const expiring = await foreignKey({ keyExpirationTime: 3600 });
  const [armored, fingerprint] = [expiring.toPublic().armor(), expiring.getFingerprint()];
  const message = await sealTo([{ name: 'x', fingerprint, armored }], payload, BORN);
  const revoked = await expiring.revoke(undefined, NOW);
  for (const key of [expiring, revoked]) {
    const identity = await unlockIdentity(key.armor(), '');
    assert.deepEqual(new Uint8Array(await identity.decrypt(message)), payload);
  }
});

test('a public key, several keys and no key are not an identity', async () => {
  await assert.rejects(unlockIdentity(alice.recipient.armored, PASSPHRASE), refusal('WRONG_KEY'));
  const ring = Buffer.concat([(await foreignKey({})).write(), (await foreignKey({})).write()]);
  const armored = openpgp.armor(openpgp.enums.armor.privateKey, ring);
  await assert.rejects(unlockIdentity(armored, PASSPHRASE), refusal('WRONG_KEY'));
  await assert.rejects(unlockIdentity('', PASSPHRASE), refusal('KEY_DAMAGED'));
  const signing = await foreignKey({ subkeys: [{ sign: true }] });
  await assert.rejects(unlockIdentity(signing.armor(), PASSPHRASE), refusal('KEY_DAMAGED'));
});

test('a recovery key is never made without a passphrase', async () => {
  const made = generateRecoveryKey({ name: 'Recovery', passphrase: '', created: BORN });
  await assert.rejects(made, refusal('PASSPHRASE_EMPTY'));
});

test('neither a passphrase nor a key shows in failures or in a printed identity', async () => {
  const canary = 'canary-9d2f-passphrase';
  const thrown: unknown = await unlockIdentity(alice.armoredPrivate, canary).catch((error: unknown) => error);
  assert.doesNotMatch(inspect(thrown, { depth: 9, showHidden: true }), /canary|BEGIN PGP/);
  const garbled = alice.armoredPrivate.replace(/^[A-Za-z0-9+/]{60}/m, `${canary}`.repeat(3));
  const unread: unknown = await unlockIdentity(garbled, canary).catch((error: unknown) => error);
  assert.ok(unread instanceof HoldfastError);
  assert.doesNotMatch(inspect(unread, { depth: 9, showHidden: true }), /canary|BEGIN PGP/);
  assert.doesNotMatch(inspect(alice.identity, { depth: 9, showHidden: true }), /privateParams|#key|keyPacket/);
});
