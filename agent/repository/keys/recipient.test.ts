import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as openpgp from 'openpgp';
import { HoldfastError } from '../../contract/index.ts';
import { refusal } from '../refusal.ts';
import { generateRecoveryKey } from './identity.ts';
import { readRecipient } from './recipient.ts';
import { BORN, flipped, foreignKey, NOW, PASSPHRASE } from './test-keys.ts';

async function refused(armored: string, reason: RegExp, now = NOW): Promise<void> {
  await assert.rejects(readRecipient('operations', armored, now), (thrown) => {
    assert.ok(thrown instanceof HoldfastError);
    assert.equal(thrown.failure.code, 'RECIPIENT_UNUSABLE');
    assert.equal(thrown.failure.origin, 'key');
    assert.match(thrown.message, /^The key of recipient operations cannot be used: /);
    assert.match(thrown.message, reason);
    assert.ok(thrown.failure.hint);
    return true;
  });
}

const publicHalf = (key: openpgp.PrivateKey) => key.toPublic().armor();

test('a recovery key is a recipient from the moment it was made', async () => {
  const made = await generateRecoveryKey({ name: 'Recovery', passphrase: PASSPHRASE, created: NOW });
  const recipient = await readRecipient('recovery', made.publicKey, NOW);
  assert.deepEqual(recipient, { name: 'recovery', fingerprint: made.fingerprint, armored: made.publicKey });
  assert.match(made.fingerprint, /^[0-9a-f]{40}$/);
});

test('RSA of 2048 bits, curves and keys in the newer encoding are taken', async () => {
  for (const options of [{ type: 'rsa', rsaBits: 2048 }, { type: 'curve25519' }, { curve: 'nistP256' }] as const) {
    await readRecipient('operations', publicHalf(await foreignKey(options)), NOW);
  }
});

test('an expired key, and one whose encryption subkey expired', async () => {
  await refused(publicHalf(await foreignKey({ keyExpirationTime: 3600 })), /it is expired/);
  const subkey = await foreignKey({ subkeys: [{ keyExpirationTime: 3600 }] });
  await refused(publicHalf(subkey), /encryption subkey is expired/);
  await readRecipient('operations', publicHalf(subkey), BORN);
});

test('a revoked key, and one whose encryption subkey was revoked', async () => {
  const key = await foreignKey({});
  await refused(publicHalf(await key.revoke(undefined, BORN)), /it is revoked/);
  const [subkey] = key.subkeys;
  assert.ok(subkey && key.keyPacket instanceof openpgp.SecretKeyPacket);
  key.subkeys = [await subkey.revoke(key.keyPacket, undefined, BORN)];
  await refused(publicHalf(key), /encryption subkey is revoked/);
});

test('a key that can only sign', async () => {
  await refused(publicHalf(await foreignKey({ subkeys: [{ sign: true }] })), /no encryption subkey/);
  await refused(publicHalf(await foreignKey({ subkeys: [] })), /no encryption subkey/);
});

test('a weak key', async () => {
  const config = { minRSABits: 1024 };
  await refused(publicHalf(await foreignKey({ type: 'rsa', rsaBits: 1024, config })), /too weak/);
  const weakSubkey = await foreignKey({ subkeys: [{ type: 'rsa', rsaBits: 1024, config }], config });
  await refused(publicHalf(weakSubkey), /too weak/);
});

test('a key that is not valid yet', async () => {
  await refused(publicHalf(await foreignKey({ date: NOW })), /dated in the future/, BORN);
});

test('a private key where the public one belongs, and nothing of it in the failure', async () => {
  const { privateKey } = await generateRecoveryKey({ name: 'Recovery', passphrase: PASSPHRASE, created: BORN });
  await refused(privateKey, /it is a private key/);
  await refused((await foreignKey({})).armor(), /it is a private key/);
});

test('what is not one public key', async () => {
  const [one, two] = [publicHalf(await foreignKey({})), publicHalf(await foreignKey({}))];
  const both = [...(await openpgp.readKeys({ armoredKeys: one })), ...(await openpgp.readKeys({ armoredKeys: two }))];
  const ring = Buffer.concat(both.map((key) => key.write()));
  await refused(openpgp.armor(openpgp.enums.armor.publicKey, ring), /holds 2 keys/);
  await refused('', /not an armored OpenPGP public key/);
  await refused('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ user@host', /not an armored/);
  await refused(one.slice(0, 200), /not an armored/);
  await refused(one.replace('PUBLIC KEY', 'MESSAGE'), /not an armored/);
});

test('a key whose own signature was changed', async () => {
  const key = await foreignKey({});
  const bytes = key.toPublic().write();
  let taken = 0;
  for (let at = 10; at < bytes.length; at += 7) {
    const armored = openpgp.armor(openpgp.enums.armor.publicKey, flipped(bytes, at * 8));
    const read = await readRecipient('x', armored, NOW).catch(refusal('RECIPIENT_UNUSABLE'));
    if (read !== true) taken++;
  }
  // Signatures have parts that are not signed; whatever else was touched must not be sealed to.
  assert.ok(taken < bytes.length / 7 / 4, `${taken} taken`);
});
