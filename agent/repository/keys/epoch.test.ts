import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { HoldfastError } from '../../contract/index.ts';
import { refusal } from '../refusal.ts';
import { createEpoch, decodeEpoch, type Epoch, unlockEpoch } from './epoch.ts';
import { generateKeyPair, hpkeOpen, hpkeSeal, publicKeyOf } from './hpke.ts';
import { sealTo } from './sealing.ts';
import { signObject } from './signed-object.ts';
import { generateSigner } from './signing.ts';
import { flipped, NOW, person } from './test-keys.ts';

const [alice, bob, eve] = await Promise.all([person('alice'), person('bob'), person('eve')]);
const signer = generateSigner();
const writer = 'aa'.repeat(16);
const repository = 'bb'.repeat(16);
const domain = { id: 'cc'.repeat(16), name: 'web1 default', secret: new Uint8Array(randomBytes(32)) };
const recipients = [alice.recipient, bob.recipient];
const made = { repository, writer, domain, recipients, signer, created: NOW };
const { epoch, object } = await createEpoch(made);
const key = `keys/epochs/${domain.id}/${epoch.id}`;
const publicKeyOfWriter = (id: string) => (id === writer ? signer.publicKey : undefined);
const none = new Uint8Array();

test('names what it is of and whom it is sealed to', () => {
  assert.deepEqual(decodeEpoch(object, key, publicKeyOfWriter, repository), epoch);
  assert.deepEqual(epoch.recipients, [alice.recipient.fingerprint, bob.recipient.fingerprint]);
  assert.equal(epoch.created, NOW.toISOString());
});

test('every recipient opens it and what was sealed to its public key', async () => {
  const { enc, sealed } = hpkeSeal(epoch.publicKey, none, none, domain.secret);
  for (const { identity } of [alice, bob]) {
    const { privateKey, domainSecret } = await unlockEpoch(epoch, identity);
    assert.deepEqual(domainSecret, domain.secret);
    assert.deepEqual(publicKeyOf(privateKey), epoch.publicKey);
    assert.deepEqual(hpkeOpen(privateKey, enc, none, none, sealed), domain.secret);
  }
});

test('nobody else does', async () => {
  await assert.rejects(unlockEpoch(epoch, eve.identity), refusal('WRONG_KEY'));
  const claimed = { ...epoch, recipients: [eve.recipient.fingerprint] };
  await assert.rejects(unlockEpoch(claimed, eve.identity), refusal('WRONG_KEY'));
});

test('two epochs share nothing but the domain', async () => {
  const other = (await createEpoch(made)).epoch;
  assert.notEqual(other.id, epoch.id);
  assert.notDeepEqual(other.publicKey, epoch.publicKey);
  assert.deepEqual((await unlockEpoch(other, bob.identity)).domainSecret, domain.secret);
});

test('a changed message is damage', async () => {
  const changed = { ...epoch, sealed: flipped(epoch.sealed, epoch.sealed.length * 8 - 9) };
  await assert.rejects(unlockEpoch(changed, alice.identity), refusal('KEY_DAMAGED'));
});

test('a sealed message moved into another epoch, domain or repository is seen, and so is another public key', async () => {
  const forged: Partial<Epoch>[] = [
    { id: 'dd'.repeat(16) },
    { domain: 'dd'.repeat(16) },
    { repository: 'dd'.repeat(16) },
    { publicKey: generateKeyPair().publicKey },
  ];
  for (const fields of forged) {
    await assert.rejects(unlockEpoch({ ...epoch, ...fields }, alice.identity), refusal('EPOCH_FORGED'));
  }
  for (const payload of [none, new Uint8Array(119), new Uint8Array(120), new Uint8Array(121)]) {
    const sealed = await sealTo(recipients, payload, NOW);
    await assert.rejects(unlockEpoch({ ...epoch, sealed }, alice.identity), refusal('EPOCH_FORGED'));
  }
});

test('a bit flipped anywhere in the object, or a cut, is seen', () => {
  const codes = ['OBJECT_DAMAGED', 'SIGNATURE_INVALID', 'FORMAT_NEWER', 'WRITER_UNKNOWN'];
  for (let bit = 0; bit < object.length * 8; bit += 3) {
    assert.throws(() => decodeEpoch(flipped(object, bit), key, publicKeyOfWriter, repository), refusal(...codes));
  }
  for (let length = 0; length < object.length; length += 5) {
    assert.throws(() => decodeEpoch(object.subarray(0, length), key, publicKeyOfWriter, repository), refusal(...codes));
  }
});

test('an unknown writer, another one, the name of another epoch, and another repository', () => {
  assert.throws(() => decodeEpoch(object, key, () => undefined, repository), refusal('WRITER_UNKNOWN'));
  assert.throws(
    () => decodeEpoch(object, key, () => generateSigner().publicKey, repository),
    refusal('SIGNATURE_INVALID'),
  );
  const elsewhere = `keys/epochs/${'dd'.repeat(16)}/${epoch.id}`;
  assert.throws(() => decodeEpoch(object, elsewhere, publicKeyOfWriter, repository), refusal('OBJECT_DAMAGED'));
  assert.throws(() => decodeEpoch(object, key, publicKeyOfWriter, 'dd'.repeat(16)), refusal('OBJECT_DAMAGED'));
});

test('malformed fields under a good signature', () => {
  const wrong: Record<string, string | number | Uint8Array | string[]>[] = [
    { recipients: ['ABCD'] },
    { recipients: 'none' },
    { publicKey: none },
    { sealed: 'text' },
    { created: '2026-03-01T12:00:00Z' },
    { later: 1 },
  ];
  for (const fields of wrong) {
    const signed = signObject('epoch', { ...epoch, ...fields }, signer);
    assert.throws(() => decodeEpoch(signed, key, publicKeyOfWriter, repository), refusal('OBJECT_DAMAGED'));
  }
});

test('no recipients, no epoch; nor with ids and secrets of another length', async () => {
  await assert.rejects(createEpoch({ ...made, recipients: [] }), refusal('RECIPIENT_MISSING'));
  await assert.rejects(createEpoch({ ...made, domain: { ...domain, secret: none } }), RangeError);
  await assert.rejects(createEpoch({ ...made, repository: 'short' }), RangeError);
  await assert.rejects(createEpoch({ ...made, writer: 'short' }), refusal('OBJECT_DAMAGED'));
});

test('the private key is wiped before anyone could store it', async (t) => {
  const wiped: string[] = [];
  for (const prototype of [Uint8Array.prototype, Buffer.prototype]) {
    const { fill } = prototype;
    t.mock.method(prototype, 'fill', function (this: Uint8Array, value: number, ...range: number[]) {
      if (value === 0) wiped.push(Buffer.from(this).toString('hex'));
      return fill.call(this, value, ...range);
    });
  }
  const other = await createEpoch(made);
  t.mock.restoreAll();
  const privateKey = Buffer.from((await unlockEpoch(other.epoch, alice.identity)).privateKey).toString('hex');
  assert.ok(wiped.includes(privateKey), 'the key itself');
  // What was sealed, and what was read back to compare with it.
  assert.equal(wiped.filter((bytes) => bytes.length === 240 && bytes.includes(privateKey)).length, 2);
});

test('the object and every failure keep the secrets', async () => {
  const secrets = await unlockEpoch(epoch, alice.identity);
  for (const secret of [secrets.privateKey, secrets.domainSecret])
    assert.equal(Buffer.from(object).indexOf(secret), -1);
  const attempts = [
    () => unlockEpoch({ ...epoch, id: 'dd'.repeat(16) }, alice.identity),
    () => unlockEpoch(epoch, eve.identity),
    () => createEpoch({ ...made, recipients: [alice.recipient, alice.recipient] }),
    () => createEpoch({ ...made, domain: { ...domain, secret: domain.secret.subarray(1) } }),
  ];
  const hidden = [secrets.privateKey, domain.secret].map((secret) => Buffer.from(secret).subarray(8, 16));
  for (const attempt of attempts) {
    const thrown: unknown = await attempt().catch((error: unknown) => error);
    assert.ok(thrown instanceof HoldfastError || thrown instanceof RangeError);
    const shown = inspect(thrown, { depth: 9, showHidden: true }) + JSON.stringify(thrown);
    for (const secret of hidden) {
      assert.ok(!shown.includes(secret.toString('hex')) && !shown.includes([...secret].join(',')), shown);
    }
  }
});
