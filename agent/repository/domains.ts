import { randomBytes } from 'node:crypto';
import { failureOf } from '../contract/index.ts';
import { createEpoch, decodeEpoch } from './keys/epoch.ts';
import { type HostDomain, type HostKeys, loadHostKeys, saveHostKeys } from './keys/host-keys.ts';
import type { Recipient } from './keys/recipient.ts';
import { decodeWriter, encodeWriter } from './keys/writer.ts';
import { epochKey, epochPrefix, WRITERS_PREFIX, writerKey } from './layout.ts';
import { type NamedTarget, Store } from './store.ts';

const DAY_MS = 86_400_000;
/** An epoch's life: after it, new data keys are sealed to a new one. Deduplication goes on across epochs. */
export const EPOCH_DAYS = 90;

export interface DomainOptions {
  readonly store: Store;
  readonly host: HostKeys;
  /** `<host>/<retention class>`. */
  readonly name: string;
  readonly recipients: readonly Recipient[];
  readonly stateFolder: string;
  readonly now: Date;
}

/** `renewed` says why a new epoch was made; absent when the current one serves. */
export interface EnsuredDomain {
  readonly host: HostKeys;
  readonly domain: HostDomain;
  readonly renewed?: 'new domain' | 'epoch ended' | 'recipients changed';
}

/** How often another process may have changed this host's keys meanwhile before it is said. */
const ATTEMPTS = 8;

/**
 * The domain this host writes to under `name`, with an epoch that is young enough and sealed to exactly the recipients of
 * the policy. A host seals only to epochs it made itself, so a repository cannot put a recipient of its own in.
 *
 * A new epoch is first stored on every target and then written to this host's keys: interrupted in between, it is an object that
 * nothing refers to, and the next run makes another.
 */
export async function ensureDomain(o: DomainOptions): Promise<EnsuredDomain> {
  for (let attempt = 1, { host } = o; ; attempt++) {
    try {
      return await ensureOnce({ ...o, host });
    } catch (error) {
      const { code } = failureOf(error, { code: 'DOMAIN_FAILED', origin: 'key' });
      const current = code === 'KEYS_CHANGED' && attempt < ATTEMPTS ? await loadHostKeys(o.stateFolder) : undefined;
      // Runs of other domains share the file. Keys of another repository are another matter.
      if (current?.repository !== o.host.repository || current.writer !== o.host.writer) throw error;
      host = current;
    }
  }
}

async function ensureOnce(o: DomainOptions): Promise<EnsuredDomain> {
  const known = o.host.domains.find((domain) => domain.name === o.name);
  const renewed = reasonToRenew(known, o);
  if (known !== undefined && renewed === undefined) {
    await replicateEpochs(o, known);
    return { host: o.host, domain: known };
  }
  const base = known ?? { id: randomBytes(16).toString('hex'), name: o.name, secret: randomBytes(32) };
  const { epoch, object } = await createEpoch({
    repository: o.host.repository,
    writer: o.host.writer,
    domain: base,
    recipients: o.recipients,
    signer: o.host.signer,
    created: o.now,
  });
  if (known !== undefined) await replicateEpochs(o, known);
  await o.store.put(epochKey(base.id, epoch.id), object);
  const domain: HostDomain = {
    id: base.id,
    name: base.name,
    secret: base.secret,
    epoch: { id: epoch.id, publicKey: epoch.publicKey, created: epoch.created, recipients: epoch.recipients },
  };
  const domains = [...o.host.domains.filter((other) => other.id !== domain.id), domain];
  const host = await saveHostKeys(o.stateFolder, { ...o.host, domains });
  return { host, domain, ...(renewed === undefined ? {} : { renewed }) };
}

/** Publishes this host's public signing key on every target: the object that one has already, or a new one. */
export async function publishWriter(store: Store, host: HostKeys, hostName: string, created: string): Promise<void> {
  const { repository, writer, signer } = host;
  const key = writerKey(writer);
  const listed = await store.list(WRITERS_PREFIX);
  if (listed.every((objects) => objects.has(key))) return;
  const object = listed.some((objects) => objects.has(key))
    ? await store.read(key, undefined, (bytes) => {
        decodeWriter(bytes, key);
        return bytes;
      })
    : encodeWriter({ id: writer, repository, host: hostName, publicKey: signer.publicKey, created }, signer);
  for (const [i, objects] of listed.entries()) {
    if (!objects.has(key)) await new Store([store.targets[i] as NamedTarget]).put(key, object);
  }
}

function reasonToRenew(known: HostDomain | undefined, o: DomainOptions): EnsuredDomain['renewed'] {
  if (known === undefined) return 'new domain';
  const wanted = o.recipients.map(({ fingerprint }) => fingerprint).sort();
  if (wanted.join() !== [...known.epoch.recipients].sort().join()) return 'recipients changed';
  const age = o.now.getTime() - Date.parse(known.epoch.created);
  return age >= EPOCH_DAYS * DAY_MS ? 'epoch ended' : undefined;
}

/**
 * Gives a target that joined later the epochs that the others have: without them nothing on it could be opened. Only those that
 * read as epochs: damage is not copied.
 */
async function replicateEpochs({ store, host }: DomainOptions, domain: HostDomain): Promise<void> {
  const listed = await store.list(epochPrefix(domain.id));
  const all = new Set(listed.flatMap((objects) => [...objects.keys()]));
  for (const key of all) {
    for (const [i, objects] of listed.entries()) {
      if (objects.has(key)) continue;
      const object = await store.read(key, undefined, (bytes) => {
        decodeEpoch(bytes, key, (writer) => (writer === host.writer ? host.signer.publicKey : undefined));
        return bytes;
      });
      await new Store([store.targets[i] as NamedTarget]).put(key, object);
    }
  }
}
