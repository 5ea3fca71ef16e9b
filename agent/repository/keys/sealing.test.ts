import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as openpgp from 'openpgp';
import { refusal } from '../refusal.ts';
import { recipientKey } from './recipient.ts';
import { sealTo } from './sealing.ts';
import { BORN, foreignKey, NOW, person } from './test-keys.ts';

const [alice, bob, eve] = await Promise.all([person('alice'), person('bob'), person('eve')]);
const payload = new Uint8Array(100).fill(1);
const key = ({ recipient }: typeof alice) => recipientKey(recipient.name, recipient.armored, NOW);
const [aliceKey, bobKey, eveKey] = await Promise.all([key(alice), key(bob), key(eve)]);

/** Seals for alice and bob in another way than was asked for. */
function sealWrongly(
  encryptionKeys: openpgp.Key[],
  o: { passwords?: string[]; sessionKey?: 'fresh'; binary?: Uint8Array },
) {
  return sealTo([alice.recipient, bob.recipient], payload, NOW, async ({ sessionKey }) => {
    const message = await openpgp.createMessage({ binary: o.binary ?? payload });
    const own = o.sessionKey === 'fresh' ? {} : { sessionKey };
    return openpgp.encrypt({ message, encryptionKeys, passwords: o.passwords ?? [], ...own, format: 'binary' });
  });
}

test('names exactly the recipients asked for', async () => {
  const sealed = await sealTo([alice.recipient, bob.recipient], payload, NOW);
  const message = await openpgp.readMessage({ binaryMessage: sealed });
  assert.equal(message.getEncryptionKeyIDs().length, 2);
  assert.ok(await sealWrongly([bobKey, aliceKey], {}));
});

test('one recipient too many, too few, twice, another, or a passphrase is seen', async () => {
  const wrong = [
    [aliceKey, bobKey, eveKey],
    [aliceKey],
    [aliceKey, eveKey],
    [aliceKey, bobKey, bobKey],
    [aliceKey, aliceKey],
  ];
  for (const keys of wrong) await assert.rejects(sealWrongly(keys, {}), refusal('SEAL_MISMATCH'));
  await assert.rejects(sealWrongly([aliceKey, bobKey], { passwords: ['open sesame'] }), refusal('SEAL_MISMATCH'));
});

test('other bytes, or bytes under a key that was not asked for, are seen', async () => {
  const both = [aliceKey, bobKey];
  await assert.rejects(sealWrongly(both, { binary: payload.subarray(1) }), refusal('SEAL_MISMATCH'));
  await assert.rejects(sealWrongly(both, { binary: new Uint8Array(100) }), refusal('SEAL_MISMATCH'));
  await assert.rejects(sealWrongly(both, { sessionKey: 'fresh' }), refusal('SEAL_MISMATCH'));
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
