import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecipientSpec } from '../config/policy.ts';
import { HoldfastError } from '../contract/index.ts';
import { signApproval } from '../repository/approvals.ts';
import { type EnsuredDomain, ensureDomain, publishWriter } from '../repository/domains.ts';
import { approvalOf, sealWanted, wantedBy } from '../repository/granting.ts';
import { readApprover } from '../repository/keys/approver.ts';
import { type HostKeys, loadHostKeys, newHostKeys, saveHostKeys } from '../repository/keys/host-keys.ts';
import { readRecipient } from '../repository/keys/recipient.ts';
import { readMarker } from '../repository/marker.ts';
import type { Sharing } from '../repository/shared-domains.ts';
import type { Store } from '../repository/store.ts';
import { Writers } from '../repository/writers.ts';
import { makeRecipient, pieces, type TestOptions, TestRepository } from './repository.fixture.ts';
import type { RunReport } from './run-report.ts';

export const recipient = await makeRecipient();
export const escrow = await makeRecipient('escrow');

/** Hosts called `db-…` share it. */
export const sharing: Sharing = { name: 'shared', includes: (host) => host.startsWith('db-') };

const at = { file: 'test.yaml', line: 1, column: 1 };

/** Several hosts of one repository, each with keys of its own. */
export class SharingHosts implements AsyncDisposable {
  readonly r: TestRepository;
  readonly store: Store & AsyncDisposable;

  private constructor(r: TestRepository, store: Store & AsyncDisposable) {
    this.r = r;
    this.store = store;
  }

  static async create(plugins: TestOptions['plugins'], targets = 1): Promise<SharingHosts> {
    const r = await TestRepository.create({ plugins, recipient, targets });
    await writeFile(join(r.folder, 'escrow.asc'), escrow.publicKey);
    return new SharingHosts(r, await r.openStore());
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
    return (await loadHostKeys(this.state(name))) ?? assert.fail(`${name} has no keys`);
  }

  async writers(name?: string): Promise<Writers> {
    const own = name === undefined ? undefined : await this.keys(name);
    const approvers = [await readApprover('recovery', recipient.publicKey)];
    return Writers.load(this.store, (await readMarker(this.store)).id, { own, approvers });
  }

  /** What a run of the host does first. */
  async ensure(
    name: string,
    o: { now?: Date; people?: readonly { publicKey: string }[]; sharing?: Sharing; alone?: boolean } = {},
  ): Promise<EnsuredDomain> {
    const { now = new Date(), people = [recipient] } = o;
    return ensureDomain({
      store: this.store,
      host: await this.keys(name),
      writers: await this.writers(name),
      name: sharing.name,
      sharing: o.alone ? undefined : (o.sharing ?? sharing),
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

  /** As somebody does who may remove objects; the policy has nothing like it. */
  async disapprove(name: string): Promise<void> {
    const { writer } = await this.keys(name);
    for (const { name: target } of this.store.targets)
      for (const key of await this.r.keys(`keys/approvals/${writer}/`, target)) await this.r.remove(key, target);
  }

  /** Backs up a stream in the shared domain, as the host, when `hosts` are those that share it. */
  async run(
    name: string,
    bytes: Uint8Array,
    o: { hosts?: readonly string[]; wide?: boolean; domain?: string } = {},
  ): Promise<RunReport> {
    const { hosts = ['db-*'], wide = false, domain = sharing.name } = o;
    const escrowed: RecipientSpec = { name: 'escrow', publicKey: join(this.r.folder, 'escrow.asc'), at };
    await this.#become(name);
    const report = await this.r.runWith(
      async (out) => {
        await out.bytes('one', pieces(bytes, 4000), { chunker: 'cdc' });
        return { facts: null };
      },
      {
        // The history of a test's engine is one for all hosts, too.
        name: `job-of-${name}`,
        domain,
        shared: { name: domain, hosts, retention: ['default'], at },
        recipients: wide ? [...this.r.recipients, escrowed] : this.r.recipients,
      },
    );
    await this.#keep(name);
    return report;
  }

  /** The engine of a test has one state folder: what differs between hosts is the file of keys in it. */
  async #become(name: string): Promise<void> {
    await writeFile(join(this.r.stateFolder, 'host-keys'), await readFile(join(this.state(name), 'host-keys')));
  }

  async #keep(name: string): Promise<void> {
    await writeFile(join(this.state(name), 'host-keys'), await readFile(join(this.r.stateFolder, 'host-keys')));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]();
    await this.r[Symbol.asyncDispose]();
  }
}

export async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'ok',
    (error: unknown) => (error instanceof HoldfastError ? error.failure.code : String(error)),
  );
}

export function codesOf(of: { readonly problems: readonly { readonly code: string }[] }): string[] {
  return of.problems.map(({ code }) => code);
}
