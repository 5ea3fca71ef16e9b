import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { builtinPlugins } from '../cli/builtin.ts';
import { HoldfastError } from '../contract/index.ts';
import { makeRecipient, TestRepository } from '../engine/repository.fixture.ts';
import { signApproval } from './approvals.ts';
import { type EnsuredDomain, ensureDomain, publishWriter } from './domains.ts';
import { approvalOf, sealWanted, wantedBy } from './granting.ts';
import { readApprover } from './keys/approver.ts';
import { type HostKeys, loadHostKeys, newHostKeys, saveHostKeys } from './keys/host-keys.ts';
import { readRecipient } from './keys/recipient.ts';
import { readMarker } from './marker.ts';
import { findShared, type Sharing } from './shared-domains.ts';
import type { Store } from './store.ts';
import { Writers } from './writers.ts';

const recipient = await makeRecipient();
const escrow = await makeRecipient('escrow');
const sharing: Sharing = { name: 'shared', includes: (host) => host.startsWith('db-') };

class Scene implements AsyncDisposable {
  readonly r: TestRepository;
  readonly store: Store & AsyncDisposable;

  private constructor(r: TestRepository, store: Store & AsyncDisposable) {
    this.r = r;
    this.store = store;
  }

  static async create(): Promise<Scene> {
    const r = await TestRepository.create({ plugins: builtinPlugins, recipient });
    return new Scene(r, await r.openStore());
  }

  state(name: string): string {
    return join(this.r.folder, `state-${name}`);
  }

  /** A host with keys of its own, published and, unless it is said otherwise, approved. */
  async host(name: string, approved = true): Promise<string> {
    await mkdir(this.state(name), { mode: 0o700 });
    const keys = await saveHostKeys(this.state(name), newHostKeys((await readMarker(this.store)).id));
    await publishWriter(this.store, keys, name, new Date(0).toISOString());
    if (approved) await this.r.approve(keys, name);
    return name;
  }

  async keys(name: string): Promise<HostKeys> {
    return (await loadHostKeys(this.state(name))) as HostKeys;
  }

  async writers(name?: string): Promise<Writers> {
    const own = name === undefined ? undefined : await this.keys(name);
    const approvers = [await readApprover('recovery', recipient.publicKey)];
    return Writers.load(this.store, (await readMarker(this.store)).id, { own, approvers });
  }

  /** What a run of the host does first. */
  async ensure(
    name: string,
    o: { now?: Date; people?: readonly { publicKey: string }[] } = {},
  ): Promise<EnsuredDomain> {
    const { now = new Date(), people = [recipient] } = o;
    return ensureDomain({
      store: this.store,
      host: await this.keys(name),
      writers: await this.writers(name),
      name: sharing.name,
      sharing,
      recipients: await Promise.all(people.map(({ publicKey }, i) => readRecipient(`recipient ${i}`, publicKey, now))),
      stateFolder: this.state(name),
      now,
    });
  }

  /** Gives a host the secret, as an operator does. */
  async grant(name: string): Promise<void> {
    const writers = await this.writers();
    const writer = writers.get((await this.keys(name)).writer);
    assert.ok(writer);
    const identity = await this.r.identity();
    const wanted = await wantedBy(writer, [sharing], { store: this.store, writers });
    const domains = await sealWanted(writer, wanted, identity);
    assert.equal(domains.length, 1);
    const now = new Date();
    const claims = approvalOf(writer, { domains, approver: identity.fingerprint, now });
    const approver = await readApprover('recovery', recipient.publicKey);
    const { key, object } = await signApproval(claims, { identity, approver, now });
    await this.store.put(key, object);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]();
    await this.r[Symbol.asyncDispose]();
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'ok',
    (error: unknown) => (error instanceof HoldfastError ? error.failure.code : String(error)),
  );
}

function secretOf({ domain: { id, secret } }: EnsuredDomain): string[] {
  return [id, Buffer.from(secret).toString('hex')];
}

test('who runs first and is approved makes the domain; the next waits, is granted the secret, and has the same', async () => {
  await using s = await Scene.create();
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
    await using s = await Scene.create();
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
    assert.equal(await codeOf(s.ensure(losing)), 'JOIN_PENDING', 'it is said, each time, until somebody acts');
    await s.grant(losing);
    const [one, other] = [await s.ensure(counting), await s.ensure(losing)];
    assert.deepEqual(secretOf(one), secretOf(other));
    assert.equal(one.domain.id, found[0]?.id);
    // What it wrote to its own before stays readable: its keys of it are kept.
    if (offset > 0) assert.equal((await s.keys(losing)).domains.length, 2);
  });
}

test('what others call by that name is none: nobody approved them, or the policy does not have them share', async () => {
  await using s = await Scene.create();
  await s.host('web-1');
  await s.ensure('web-1');
  await s.host('db-1');
  await s.ensure('db-1');
  // A host that somebody approved once, and whose approval is gone.
  const writer = (await s.keys('db-1')).writer;
  for (const key of await s.r.keys(`keys/approvals/${writer}/`)) await s.r.remove(key);
  await s.host('db-2');
  assert.equal((await s.ensure('db-2')).renewed, 'new domain');
});

test('what recipients of this host could not open is not shared', async () => {
  await using s = await Scene.create();
  await s.host('db-1');
  const narrow = await s.ensure('db-1');
  await s.host('db-2');
  await s.grant('db-2');
  const wide = await s.ensure('db-2', { people: [recipient, escrow] });
  assert.deepEqual([...wide.epochs.usable], [wide.domain.epoch.id]);
  assert.deepEqual([...(wide.epochs.withheld ?? [])], [narrow.domain.epoch.id]);
  assert.deepEqual(
    wide.problems.map(({ code }) => code),
    ['EPOCH_NARROWER'],
  );
  const back = await s.ensure('db-1');
  assert.equal(back.epochs.usable.size, 2, 'what more can open is good enough');
});

test('a secret that was sealed for other keys is no secret', async () => {
  await using s = await Scene.create();
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
