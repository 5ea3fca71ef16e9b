import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { codeOf, codesOf, escrow, recipient, SharingHosts, sharing } from '../engine/sharing-hosts.fixture.ts';
import type { EnsuredDomain } from './domains.ts';
import { publishWriter } from './domains.ts';
import { createEpoch } from './keys/epoch.ts';
import { newHostKeys, saveHostKeys } from './keys/host-keys.ts';
import { readRecipient } from './keys/recipient.ts';
import { epochKey } from './layout.ts';
import { findShared } from './shared-domains.ts';

function secretOf({ domain: { id, secret } }: EnsuredDomain): string[] {
  return [id, Buffer.from(secret).toString('hex')];
}

test('who runs first and is approved makes the domain; the next waits, is granted the secret, and has the same', async () => {
  await using s = await SharingHosts.create(builtinPlugins);
  await s.host('db-1', false);
  assert.equal(await codeOf(s.ensure('db-1')), 'JOIN_PENDING', 'nobody has approved it');
  assert.deepEqual(await findShared(s.store, await s.writers(), sharing), []);
  await s.r.approve(await s.keys('db-1'), 'db-1');
  const first = await s.ensure('db-1');
  assert.equal(first.renewed, 'new domain');
  await s.host('db-2');
  assert.equal(await codeOf(s.ensure('db-2')), 'JOIN_PENDING');
  assert.deepEqual((await s.keys('db-2')).domains, [], 'nothing is kept of a domain that it may not write to');
  await s.grant('db-2');
  const second = await s.ensure('db-2');
  assert.equal(second.renewed, 'joined');
  assert.deepEqual(secretOf(second), secretOf(first));
  assert.notEqual(second.domain.epoch.id, first.domain.epoch.id, 'each seals to epochs of its own');
  assert.ok(second.epochs.usable.has(first.domain.epoch.id));
  const again = await s.ensure('db-1');
  assert.equal(again.renewed, undefined);
  assert.deepEqual([...again.epochs.usable].sort(), [first.domain.epoch.id, second.domain.epoch.id].sort());
  assert.deepEqual(again.problems, []);
});

for (const [what, offset] of [
  ['the other is older', -1000],
  ['the other is younger', 1000],
] as const) {
  test(`two hosts that make it at once end with one secret, and the one that does not count is told: ${what}`, async () => {
    await using s = await SharingHosts.create(builtinPlugins);
    await s.host('db-1');
    await s.host('db-2');
    const now = new Date();
    let raced: Promise<EnsuredDomain> | undefined;
    // While the first stores its epoch, the second does all of it.
    s.r.hooks.put = async (_, key) => {
      if (!key.startsWith('keys/epochs/') || raced !== undefined) return;
      raced = s.ensure('db-2', { now: new Date(now.getTime() + offset) });
      await raced;
    };
    const first = await codeOf(s.ensure('db-1', { now }));
    assert.ok(raced);
    const counting = offset < 0 ? 'db-2' : 'db-1';
    const losing = offset < 0 ? 'db-1' : 'db-2';
    assert.equal(first, offset < 0 ? 'JOIN_PENDING' : 'ok');
    const found = await findShared(s.store, await s.writers(), sharing);
    assert.equal(found.length, 2);
    assert.equal(await codeOf(s.ensure(counting)), 'ok');
    // It is said, each time, until somebody acts: by the one that has keys of its own beside its backups, which go on.
    if (offset < 0) assert.equal(await codeOf(s.ensure(losing)), 'JOIN_PENDING');
    else assert.deepEqual(codesOf(await s.ensure(losing)), ['DOMAIN_DIVIDED']);
    await s.grant(losing);
    const [one, other] = [await s.ensure(counting), await s.ensure(losing)];
    assert.deepEqual(secretOf(one), secretOf(other));
    assert.equal(one.domain.id, found[0]?.id);
    // What it wrote to its own before stays readable: its keys of it are kept.
    if (offset > 0) assert.equal((await s.keys(losing)).domains.length, 2);
  });
}

test('what others call by that name is none: nobody approved them, or the policy does not have them share', async () => {
  await using s = await SharingHosts.create(builtinPlugins);
  await s.host('web-1');
  await s.ensure('web-1');
  await s.host('db-1');
  await s.ensure('db-1');
  // A host that somebody approved once, and whose approval is gone.
  await s.disapprove('db-1');
  await s.host('db-2');
  assert.equal((await s.ensure('db-2')).renewed, 'new domain');
});

test('what recipients of this host could not open is not shared', async () => {
  await using s = await SharingHosts.create(builtinPlugins);
  await s.host('db-1');
  const narrow = await s.ensure('db-1');
  await s.host('db-2');
  await s.grant('db-2');
  const wide = await s.ensure('db-2', { people: [recipient, escrow] });
  assert.deepEqual([...wide.epochs.usable], [wide.domain.epoch.id]);
  assert.deepEqual([...(wide.epochs.withheld ?? [])], [narrow.domain.epoch.id]);
  assert.deepEqual(codesOf(wide), ['EPOCH_NARROWER']);
  const back = await s.ensure('db-1');
  assert.equal(back.epochs.usable.size, 2, 'what more can open is good enough');
});

test('a secret that was sealed for other keys is no secret', async () => {
  await using s = await SharingHosts.create(builtinPlugins);
  await s.host('db-1');
  await s.ensure('db-1');
  await s.host('db-2');
  await s.grant('db-2');
  const { revision, ...keys } = await s.keys('db-2');
  await s.r.remove('keys/writers/'.concat(keys.writer));
  const other = newHostKeys(keys.repository);
  await saveHostKeys(s.state('db-2'), { ...keys, join: other.join, ...(revision === undefined ? {} : { revision }) });
  await publishWriter(s.store, await s.keys('db-2'), 'db-2', new Date(0).toISOString());
  assert.equal(await codeOf(s.ensure('db-2')), 'JOIN_PENDING', 'the approval is of other keys, so it is none');
});

/** An epoch that a host signs with its own keys, of whatever it likes to say. */
async function signed(
  s: SharingHosts,
  name: string,
  domain: { id: string; name: string; secret: Uint8Array },
  created: Date,
): Promise<string> {
  const { repository, writer, signer } = await s.keys(name);
  const recipients = [await readRecipient('recovery', recipient.publicKey, created)];
  const { epoch, object } = await createEpoch({ repository, writer, domain, recipients, signer, created });
  await s.store.put(epochKey(domain.id, epoch.id), object);
  return epoch.id;
}

const LONG_AGO = new Date(Date.UTC(2001, 0));

test('a host that does not share a domain cannot hide it, by an epoch of another name in its folder', async () => {
  await using s = await SharingHosts.create(builtinPlugins);
  await s.host('db-1');
  const { domain } = await s.ensure('db-1');
  await s.host('web-1');
  // As many as it takes for one of them to be listed first.
  for (let first = false; !first; ) {
    const id = await signed(s, 'web-1', { id: domain.id, name: 'other', secret: new Uint8Array(32) }, LONG_AGO);
    first = id < domain.epoch.id;
  }
  const [found, ...more] = await findShared(s.store, await s.writers(), sharing);
  assert.deepEqual([found?.id, found?.epochs.length, more], [domain.id, 1, []]);
  await s.host('db-2');
  assert.equal(await codeOf(s.ensure('db-2')), 'JOIN_PENDING', 'it makes no second one');
});

test('a host with the secret that makes an older domain of the name stops nobody: the others go on, and say so', async () => {
  await using s = await SharingHosts.create(builtinPlugins);
  await s.host('db-1');
  const before = await s.ensure('db-1');
  await s.host('db-2');
  await s.grant('db-2');
  await s.ensure('db-2');
  await signed(s, 'db-2', { id: '00'.repeat(16), name: 'shared', secret: new Uint8Array(32) }, LONG_AGO);
  const after = await s.ensure('db-1');
  assert.deepEqual(secretOf(after), secretOf(before));
  assert.equal(after.epochs.usable.size, 2);
  assert.deepEqual(codesOf(after), ['DOMAIN_DIVIDED']);
  assert.match(after.problems[0]?.hint ?? '', /what db-2 did/);
});

test('what a host stored that the policy no longer names is there, and nobody relies on it', async () => {
  await using s = await SharingHosts.create(builtinPlugins);
  await s.host('db-1');
  const one = await s.ensure('db-1');
  await s.host('db-2');
  await s.grant('db-2');
  const two = await s.ensure('db-2');
  const without = { name: 'shared', includes: (host: string) => host === 'db-1' };
  const after = await s.ensure('db-1', { sharing: without });
  assert.deepEqual([...after.epochs.usable], [one.domain.epoch.id]);
  assert.deepEqual([...(after.epochs.withheld ?? [])], [two.domain.epoch.id]);
  assert.deepEqual(codesOf(after), ['EPOCH_UNSHARED']);
  await s.disapprove('db-2');
  const later = await s.ensure('db-1');
  assert.deepEqual([...(later.epochs.withheld ?? [])], [two.domain.epoch.id]);
  assert.deepEqual(codesOf(later), ['WRITER_UNAPPROVED']);
});

test('in a domain of its own, a host relies on nobody else, approved or not', async () => {
  await using s = await SharingHosts.create(builtinPlugins);
  await s.host('db-1');
  const own = await s.ensure('db-1', { alone: true });
  await s.host('db-2');
  await signed(s, 'db-2', own.domain, new Date());
  const after = await s.ensure('db-1', { alone: true });
  assert.deepEqual([...after.epochs.usable], [own.domain.epoch.id]);
  assert.deepEqual(codesOf(after), ['EPOCH_UNSHARED']);
});
