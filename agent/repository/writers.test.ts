import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { makeRecipient, TestRepository } from '../engine/repository.fixture.ts';
import { signApproval } from './approvals.ts';
import { approvalOf } from './granting.ts';
import { readApprover } from './keys/approver.ts';
import { type HostKeys, newHostKeys } from './keys/host-keys.ts';
import { unlockIdentity } from './keys/identity.ts';
import { generateSigner } from './keys/signing.ts';
import { encodeWriter, type Writer } from './keys/writer.ts';
import { writerKey } from './layout.ts';
import { readMarker } from './marker.ts';
import { refusal } from './refusal.ts';
import { Writers } from './writers.ts';

const recipient = await makeRecipient();
const stranger = await makeRecipient('stranger');

interface Scene extends AsyncDisposable {
  readonly r: TestRepository;
  readonly host: HostKeys;
  readonly writer: Writer;
  load(own?: HostKeys): Promise<Writers>;
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
    load: async (own) => {
      const approvers = [await readApprover('recovery', recipient.publicKey)];
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
    again.problems.map(({ code }) => code),
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
    writers.problems.map(({ code }) => code),
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
    writers.problems.map(({ code }) => code),
    ['WRITER_FORGED'],
  );
  assert.deepEqual((await s.load(s.host)).trustedKeyOf(s.writer.id), s.writer.publicKey, 'a host knows itself');
});

test('an approval for another repository says nothing here', async () => {
  await using s = await scene();
  await s.r.approve({ ...s.host, repository: '99'.repeat(16) }, 'db-1');
  assert.equal((await s.load()).trusts(s.writer.id), false);
});
