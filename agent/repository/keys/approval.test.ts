import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as openpgp from 'openpgp';
import { refusal } from '../refusal.ts';
import {
  type Approval,
  decodeApproval,
  decodeStatement,
  encodeApproval,
  encodeStatement,
  openDomainSecret,
  sealDomainSecret,
} from './approval.ts';
import { type Approver, isSignedBy, readApprover, readSignatureFile } from './approver.ts';
import { generateKeyPair } from './hpke.ts';
import { unlockIdentity } from './identity.ts';
import { generateSigner } from './signing.ts';
import { BORN, flipped, foreignKey, NOW, person } from './test-keys.ts';

const alice = await person('alice');
const approver: Approver = alice.recipient;
const join = generateKeyPair();
const secret = Uint8Array.from({ length: 32 }, (_, i) => i);
const names = { repository: 'bb'.repeat(16), writer: 'aa'.repeat(16), domain: 'cc'.repeat(16) };
const approval: Approval = {
  repository: names.repository,
  writer: names.writer,
  host: 'db-1',
  publicKey: generateSigner().publicKey,
  joinKey: join.publicKey,
  domains: [{ id: names.domain, name: 'shared', sealed: sealDomainSecret(names, join.publicKey, secret) }],
  approver: approver.fingerprint,
  created: NOW.toISOString(),
};
const statement = encodeStatement(approval);
const signature = await alice.identity.sign(statement, NOW);
const { key, object } = encodeApproval(statement, signature);

test('comes back as it was, signed by who it says', async () => {
  const read = decodeApproval(object, key);
  assert.deepEqual(read.claims, approval);
  assert.deepEqual(decodeStatement(statement, 'it'), approval);
  assert.ok(await isSignedBy(approver, read.statement, read.signature));
});

test('a bit flipped anywhere, and any cut, is seen: by its name, and without it by the signature', async () => {
  const changed = [
    ...Array.from({ length: object.length }, (_, byte) => flipped(object, byte * 8 + (byte % 8))),
    ...Array.from({ length: object.length }, (_, length) => object.subarray(0, length)),
    Buffer.concat([object, object.subarray(statement.length)]),
  ];
  for (const bytes of changed) {
    assert.throws(() => decodeApproval(bytes, key), refusal('OBJECT_DAMAGED', 'FORMAT_NEWER'));
    const accepted = await (async () => {
      try {
        const { statement, signature } = decodeApproval(
          bytes,
          encodeApproval(bytes.subarray(0, endOfStatement(bytes)), bytes.subarray(endOfStatement(bytes))).key,
        );
        return await isSignedBy(approver, statement, signature);
      } catch (error) {
        refusal('OBJECT_DAMAGED', 'FORMAT_NEWER', 'KEY_INVALID')(error);
        return false;
      }
    })();
    // What of a signature is not hashed may be other bytes that say the same.
    if (accepted) assert.deepEqual(bytes.subarray(0, statement.length), statement);
  }
});

/** Where the statement ends that `bytes` say they begin with. */
function endOfStatement(bytes: Uint8Array): number {
  if (bytes.length < 12) return bytes.length;
  return Math.min(bytes.length, 12 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true));
}

test('under another name, or that of another writer, it is none', () => {
  assert.throws(() => decodeApproval(object, key.replace(names.writer, 'dd'.repeat(16))), refusal('OBJECT_DAMAGED'));
  assert.throws(() => decodeApproval(object, 'keys/approvals/x'), refusal('OBJECT_DAMAGED'));
});

test("another's signature, one of other bytes, one of text, two at once, and none are not this one's", async () => {
  const bob = await person('bob');
  assert.equal(await isSignedBy(bob.recipient, statement, signature), false);
  assert.equal(await isSignedBy(approver, statement.subarray(1), signature), false);
  assert.equal(await isSignedBy(approver, statement, Buffer.concat([signature, signature])), false);
  assert.equal(await isSignedBy(approver, statement, new Uint8Array()), false);
  const unlocked = await openpgp.decryptKey({
    privateKey: await openpgp.readPrivateKey({ armoredKey: alice.armoredPrivate }),
    passphrase: 'correct horse battery staple',
  });
  const sign = (message: openpgp.Message<string | Uint8Array>) =>
    openpgp.sign({ message, signingKeys: unlocked, detached: true, format: 'binary', date: NOW });
  const ascii = 'line\nline';
  const ofText = await sign(await openpgp.createMessage({ text: ascii }));
  assert.equal(await isSignedBy(approver, Buffer.from('line\r\nline'), ofText), false);
  assert.ok(
    await isSignedBy(
      approver,
      Buffer.from(ascii),
      await sign(await openpgp.createMessage({ binary: Buffer.from(ascii) })),
    ),
  );
});

test('the clock of a reader decides nothing: tomorrow’s signature, and one by a key that has expired since', async () => {
  const day = 86_400_000;
  assert.ok(
    await isSignedBy(approver, statement, await alice.identity.sign(statement, new Date(Date.now() + 9 * day))),
  );
  const short = await foreignKey({ type: 'ecc', curve: 'curve25519Legacy', keyExpirationTime: 30 * 86_400 });
  const expired = await readApprover('short', short.toPublic().armor());
  const signed = await (await unlockIdentity(short.armor(), '')).sign(statement, new Date(BORN.getTime() + day));
  assert.ok(await isSignedBy(expired, statement, signed));
  await assert.rejects((await unlockIdentity(short.armor(), '')).sign(statement, NOW), refusal('KEY_CANNOT_SIGN'));
});

test('a key that was revoked approves nothing, whenever it did', async () => {
  const key = await foreignKey({ type: 'ecc', curve: 'curve25519Legacy' });
  const signed = await (await unlockIdentity(key.armor(), '')).sign(statement, NOW);
  assert.ok(await isSignedBy(await readApprover('it', key.toPublic().armor()), statement, signed));
  const { publicKey } = await openpgp.revokeKey({ key, date: NOW, format: 'object' });
  assert.equal(await isSignedBy(await readApprover('it', publicKey.armor()), statement, signed), false);
});

test('a key that can open and not sign says so, and what to do', async () => {
  const whole = await foreignKey({ type: 'ecc', curve: 'curve25519Legacy' });
  // As gpg --export-secret-subkeys leaves it: the first part, which signs, is only named.
  (whole.keyPacket as openpgp.SecretKeyPacket).makeDummy();
  const identity = await unlockIdentity(whole.armor(), '');
  await assert.rejects(identity.sign(statement, NOW), (thrown: unknown) => {
    refusal('KEY_CANNOT_SIGN')(thrown);
    assert.match(String(thrown), new RegExp(identity.fingerprint));
    return true;
  });
});

test('a secret opens for the writer, repository and domain it was sealed for, and for no other', () => {
  const { sealed } = approval.domains[0] ?? { sealed: new Uint8Array() };
  assert.deepEqual(openDomainSecret(names, join.privateKey, sealed), secret);
  for (const other of ['repository', 'writer', 'domain'] as const) {
    assert.equal(openDomainSecret({ ...names, [other]: 'ee'.repeat(16) }, join.privateKey, sealed), undefined);
  }
  assert.equal(openDomainSecret(names, generateKeyPair().privateKey, sealed), undefined);
  for (let bit = 0; bit < sealed.length * 8; bit += 7) {
    assert.equal(openDomainSecret(names, join.privateKey, flipped(sealed, bit)), undefined);
  }
});

test('what is no public key approves nothing; a signature is read binary and armored', async () => {
  for (const armored of ['', 'x', alice.armoredPrivate]) {
    await assert.rejects(readApprover('x', armored), refusal('RECIPIENT_UNUSABLE'));
  }
  const armored = (await openpgp.readSignature({ binarySignature: signature })).armor();
  assert.deepEqual(await readSignatureFile(Buffer.from(armored), 'it'), signature);
  assert.deepEqual(await readSignatureFile(signature, 'it'), signature);
  await assert.rejects(readSignatureFile(Buffer.from('x'), 'it'), refusal('SIGNATURE_UNREADABLE'));
});
