import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as openpgp from 'openpgp';
import { refusal } from '../refusal.ts';
import { recipientKey } from './recipient.ts';
import { checkSealed, sealTo } from './sealing.ts';
import { BORN, foreignKey, NOW, person } from './test-keys.ts';

const [alice, bob, eve] = await Promise.all([person('alice'), person('bob'), person('eve')]);
const payload = new Uint8Array(100).fill(1);
const key = ({ recipient }: typeof alice) => recipientKey(recipient.name, recipient.armored, NOW);
const [aliceKey, bobKey, eveKey] = await Promise.all([key(alice), key(bob), key(eve)]);

async function sealedTo(encryptionKeys: openpgp.Key[], passwords: string[] = []): Promise<Uint8Array> {
  const message = await openpgp.createMessage({ binary: payload });
  return openpgp.encrypt({ message, encryptionKeys, passwords, format: 'binary' });
}

test('names exactly the recipients asked for', async () => {
  const sealed = await sealTo([alice.recipient, bob.recipient], payload, NOW);
  const message = await openpgp.readMessage({ binaryMessage: sealed });
  assert.equal(message.getEncryptionKeyIDs().length, 2);
  await checkSealed(sealed, [bobKey, aliceKey], NOW);
});

test('one recipient too many, too few, twice, another, or a passphrase is seen', async () => {
  const wanted = [aliceKey, bobKey];
  const wrong = [
    [aliceKey, bobKey, eveKey],
    [aliceKey],
    [aliceKey, eveKey],
    [aliceKey, bobKey, bobKey],
    [aliceKey, aliceKey],
  ];
  for (const keys of wrong) {
    await assert.rejects(checkSealed(await sealedTo(keys), wanted, NOW), refusal('SEAL_MISMATCH'));
  }
  const withPassphrase = await sealedTo(wanted, ['open sesame']);
  await assert.rejects(checkSealed(withPassphrase, wanted, NOW), refusal('SEAL_MISMATCH'));
  await checkSealed(await sealedTo(wanted), wanted, NOW);
});

test('no recipient, the same twice, or another key than the fingerprint says', async () => {
  await assert.rejects(sealTo([], payload, NOW), refusal('RECIPIENT_MISSING'));
  const again = { ...alice.recipient, name: 'escrow' };
  await assert.rejects(sealTo([alice.recipient, again], payload, NOW), refusal('RECIPIENT_UNUSABLE'));
  const swapped = { ...alice.recipient, armored: eve.recipient.armored };
  await assert.rejects(sealTo([swapped], payload, NOW), refusal('RECIPIENT_UNUSABLE'));
});

test('a recipient that has expired since it was read is refused', async () => {
  const expiring = await foreignKey({ keyExpirationTime: 3600 });
  const recipient = { name: 'x', fingerprint: expiring.getFingerprint(), armored: expiring.toPublic().armor() };
  await sealTo([recipient], payload, BORN);
  await assert.rejects(sealTo([alice.recipient, recipient], payload, NOW), refusal('RECIPIENT_UNUSABLE'));
});

test('keys that ask for authenticated encryption get it, beside those that do not', async () => {
  const modern = await foreignKey({ type: 'curve25519', config: { aeadProtect: true } });
  const recipient = { name: 'x', fingerprint: modern.getFingerprint(), armored: modern.toPublic().armor() };
  for (const recipients of [[recipient], [recipient, alice.recipient]]) {
    const sealed = await sealTo(recipients, payload, NOW);
    const message = await openpgp.readMessage({ binaryMessage: sealed });
    const opened = await openpgp.decrypt({ message, decryptionKeys: modern, format: 'binary' });
    assert.deepEqual(new Uint8Array(opened.data), payload);
  }
});
