import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { revokeKey } from 'openpgp';
import { builtinPlugins } from '../cli/builtin.ts';
import { makeRecipient, TestRepository } from '../engine/repository.fixture.ts';
import { signApproval } from './approvals.ts';
import { approvalOf } from './granting.ts';
import { type Approver, readApprover } from './keys/approver.ts';
import { type HostKeys, newHostKeys } from './keys/host-keys.ts';
import { unlockIdentity } from './keys/identity.ts';
import { generateSigner } from './keys/signing.ts';
import { foreignKey } from './keys/test-keys.ts';
import { encodeWriter, type Writer } from './keys/writer.ts';
import { approvalKey, writerKey } from './layout.ts';
import { readMarker } from './marker.ts';
import { refusal } from './refusal.ts';
import { findWriter } from './writer-name.ts';
import { Writers } from './writers.ts';

const recipient = await makeRecipient();
const stranger = await makeRecipient('stranger');

interface Scene extends AsyncDisposable {
  readonly r: TestRepository;
  readonly host: HostKeys;
  readonly writer: Writer;
  load(own?: HostKeys, by?: Approver): Promise<Writers>;
  put(key: string, object: Uint8Array): Promise<void>;
}

/** A repository with a writer that nobody approved, as a reader without keys of its own sees it. */
async function scene(): Promise<Scene> {
  const r = await TestRepository.create({ plugins: builtinPlugins, recipient });
  const store = await r.openStore();
  const host = newHostKeys((await readMarker(store)).id);
  const writer: Writer = {
    id: host.writer,
    repository: host.repository,
    host: 'db-1',
    publicKey: host.signer.publicKey,
    joinKey: host.join.publicKey,
    created: new Date(0).toISOString(),
  };
  await store.put(writerKey(writer.id), encodeWriter(writer, host.signer));
  return {
    r,
    host,
    writer,
    load: async (own, by) => {
      const approvers = [by ?? (await readApprover('recovery', recipient.publicKey))];
      return Writers.load(store, host.repository, { own, approvers });
    },
    put: async (key, object) => void (await store.put(key, object)),
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await r[Symbol.asyncDispose]();
    },
  };
}

test('a writer is trusted when a recipient of the policy has approved it, or when it is this host', async () => {
  await using s = await scene();
  const { id, publicKey } = s.writer;
  const before = await s.load();
  assert.deepEqual([before.trusts(id), before.isApproved(id)], [false, false]);
  assert.deepEqual(before.publicKeyOf(id), publicKey);
  assert.throws(() => before.trustedKeyOf(id), refusal('WRITER_UNAPPROVED'));
  assert.equal(before.trustedKeyOf('00'.repeat(16)), undefined);

  const own = await s.load(s.host);
  assert.deepEqual([own.trusts(id), own.isApproved(id)], [true, false]);

  await s.r.approve(s.host, 'db-1');
  const after = await s.load();
  assert.deepEqual([after.trusts(id), after.isApproved(id)], [true, true]);
  assert.deepEqual(after.trustedKeyOf(id), publicKey);
  assert.equal(after.get(id)?.approvals[0]?.approverName, 'recovery');
  assert.equal(after.get(id)?.code, before.get(id)?.code, 'approving changes no code');
});

test('an approval by somebody whom the policy does not name counts for nothing, and is named', async () => {
  await using s = await scene();
  const identity = await unlockIdentity(stranger.privateKey, '');
  const approver = await readApprover('stranger', stranger.publicKey);
  const now = new Date();
  const claims = approvalOf(s.writer, { domains: [], approver: approver.fingerprint, now });
  const { key, object } = await signApproval(claims, { identity, approver, now });
  await s.put(key, object);
  const writers = await s.load();
  assert.deepEqual([writers.trusts(s.writer.id), writers.problems], [false, []]);
  assert.match(writers.unapproved(s.writer.id, 'it').hint ?? '', new RegExp(approver.fingerprint));

  // Nor when it says that it is by a recipient.
  const { fingerprint } = await readApprover('recovery', recipient.publicKey);
  const forged = { ...approver, fingerprint };
  const made = await signApproval(approvalOf(s.writer, { domains: [], approver: fingerprint, now }), {
    identity,
    approver: forged,
    now,
  });
  await s.put(made.key, made.object);
  const again = await s.load();
  assert.equal(again.trusts(s.writer.id), false);
  assert.deepEqual(
    again.problems.map(({ failure: { code } }) => code),
    ['SIGNATURE_INVALID'],
  );
});

test('approved is a key, not a name: a writer whose object was replaced keeps the key that was approved', async () => {
  await using s = await scene();
  await s.r.approve(s.host, 'db-1');
  const forger = generateSigner();
  await s.r.remove(writerKey(s.writer.id));
  await s.put(writerKey(s.writer.id), encodeWriter({ ...s.writer, publicKey: forger.publicKey }, forger));
  const writers = await s.load();
  assert.deepEqual(writers.trustedKeyOf(s.writer.id), s.writer.publicKey);
  assert.deepEqual(
    writers.problems.map(({ failure: { code } }) => code),
    ['WRITER_FORGED'],
  );
  await s.r.remove(writerKey(s.writer.id));
  assert.deepEqual((await s.load()).trustedKeyOf(s.writer.id), s.writer.publicKey, 'nor does it need the object');
});

test('two approvals of one writer for different keys: one was signed for a forgery, and neither counts', async () => {
  await using s = await scene();
  await s.r.approve(s.host, 'db-1');
  await s.r.approve({ ...s.host, signer: generateSigner() }, 'db-1');
  const writers = await s.load();
  assert.equal(writers.trusts(s.writer.id), false);
  assert.deepEqual(
    writers.problems.map(({ failure: { code } }) => code),
    ['WRITER_FORGED'],
  );
  assert.deepEqual((await s.load(s.host)).trustedKeyOf(s.writer.id), s.writer.publicKey, 'a host knows itself');
});

test('what is shown of a writer whose approvals name different keys is what its object says, in whatever order they come', async () => {
  await using s = await scene();
  const { id, publicKey } = s.writer;
  const { code } = (await s.load()).get(id) ?? {};
  // The fixture dates them alike, and they are named by hashes of signatures with noise in them: either is the first of some.
  const others = Array.from({ length: 5 }, () => generateSigner());
  await s.r.approve(s.host, 'db-1');
  for (const signer of others) {
    await s.r.approve({ ...s.host, signer }, 'db-1');
    const writers = await s.load();
    assert.deepEqual([writers.publicKeyOf(id), writers.get(id)?.code], [publicKey, code]);
  }
  const { message, hint = '' } = (await s.load()).unapproved(id, 'it');
  assert.match(message, /different keys/);
  for (const approval of await s.r.keys(`keys/approvals/${id}/`)) assert.ok(hint.includes(approval), approval);
  assert.ok(hint.includes(`${code}: recovery`), 'the code of the right one is told');
  await s.r.remove(writerKey(id));
  const gone = await s.load();
  assert.deepEqual([gone.publicKeyOf(id), gone.trustedKeyOf(id)], [undefined, undefined]);
});

test('a writer whose object is replaced before it was approved has another code, and is not found by that of the host', async () => {
  await using s = await scene();
  const { code } = (await s.load(s.host)).get(s.writer.id) ?? {};
  assert.equal(findWriter(await s.load(), code ?? '').by, 'code');
  const forger = newHostKeys(s.host.repository);
  const forged = { ...s.writer, publicKey: forger.signer.publicKey, joinKey: forger.join.publicKey };
  await s.r.remove(writerKey(s.writer.id));
  await s.put(writerKey(s.writer.id), encodeWriter(forged, forger.signer));
  const replaced = await s.load();
  assert.throws(() => findWriter(replaced, code ?? ''), refusal('USAGE'));
  assert.notEqual(replaced.get(s.writer.id)?.code, code);
  await assert.rejects(s.load(s.host), refusal('WRITER_FORGED'), 'the host itself sees it before all else');
});

test('an approval under the name of another writer is of use to neither of the two', async () => {
  await using s = await scene();
  await s.r.approve(s.host, 'db-1');
  const [approval = ''] = await s.r.keys(`keys/approvals/${s.writer.id}/`);
  const thief = newHostKeys(s.host.repository);
  await s.put(writerKey(thief.writer), encodeWriter({ ...s.writer, ...published(thief) }, thief.signer));
  await s.put(approvalKey(thief.writer, approval.slice(-64)), await readFile(s.r.path(approval)));
  const writers = await s.load();
  assert.deepEqual([writers.trusts(s.writer.id), writers.trusts(thief.writer)], [true, false]);
  assert.deepEqual(
    writers.problems.map(({ failure: { code } }) => code),
    ['OBJECT_DAMAGED'],
  );
});

function published({ writer, signer, join }: HostKeys): Pick<Writer, 'id' | 'publicKey' | 'joinKey'> {
  return { id: writer, publicKey: signer.publicKey, joinKey: join.publicKey };
}

test('an approver may have expired, and not have been revoked: whoever replaces a lost key approves anew', async () => {
  await using s = await scene();
  const day = 86_400_000;
  const date = new Date(Date.now() - 100 * day);
  const key = await foreignKey({ type: 'ecc', curve: 'curve25519Legacy', date, keyExpirationTime: (30 * day) / 1000 });
  const approver = await readApprover('short', key.toPublic().armor());
  const now = new Date(date.getTime() + day);
  const claims = approvalOf(s.writer, { domains: [], approver: approver.fingerprint, now });
  const made = await signApproval(claims, { identity: await unlockIdentity(key.armor(), ''), approver, now });
  await s.put(made.key, made.object);
  assert.equal((await s.load(undefined, approver)).trusts(s.writer.id), true);
  const { publicKey } = await revokeKey({ key, date: new Date(now.getTime() + day), format: 'object' });
  const writers = await s.load(undefined, await readApprover('short', publicKey.armor()));
  assert.equal(writers.trusts(s.writer.id), false);
  assert.match(writers.problems[0]?.failure.hint ?? '', /revoked/);
});

test('an approval that somebody removed counts again when it is put back: only the policy withdraws for good', async () => {
  await using s = await scene();
  await s.r.approve(s.host, 'db-1');
  const [approval = ''] = await s.r.keys(`keys/approvals/${s.writer.id}/`);
  const object = await readFile(s.r.path(approval));
  await s.r.remove(approval);
  assert.equal((await s.load()).trusts(s.writer.id), false);
  await s.put(approval, object);
  assert.equal((await s.load()).trusts(s.writer.id), true);
  const other = await readApprover('stranger', stranger.publicKey);
  assert.equal((await s.load(undefined, other)).trusts(s.writer.id), false);
});

test('an approval for another repository says nothing here', async () => {
  await using s = await scene();
  await s.r.approve({ ...s.host, repository: '99'.repeat(16) }, 'db-1');
  assert.equal((await s.load()).trusts(s.writer.id), false);
});
