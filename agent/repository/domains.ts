import { randomBytes } from 'node:crypto';
import { type Failure, failureOf } from '../contract/index.ts';
import { createEpoch, decodeEpoch } from './keys/epoch.ts';
import { type HostDomain, type HostKeys, loadHostKeys, saveHostKeys } from './keys/host-keys.ts';
import type { Recipient } from './keys/recipient.ts';
import { decodeWriter, encodeWriter } from './keys/writer.ts';
import { epochKey, epochPrefix, parseEpochKey, WRITERS_PREFIX, writerKey } from './layout.ts';
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
  readonly renewed?: 'new domain' | 'epoch ended' | 'recipients changed' | 'epoch lost';
  /** The domain's epochs that some target holds intact, by id. What is sealed to any other can never be opened. */
  readonly epochs: ReadonlySet<string>;
  /** Objects among the epochs that are none. */
  readonly problems: readonly Failure[];
}

/** How often another process may have changed this host's keys meanwhile before it is said. */
const ATTEMPTS = 8;

/**
 * The domain this host writes to under `name`, with an epoch that is young enough and sealed to exactly the recipients of
 * the policy. A host seals only to epochs it made itself, so a repository cannot put a recipient of its own in.
 *
 * An epoch that is damaged or gone on every target is not sealed to: this host has only its public half, so nobody could ever open
 * what is. That happens to a target that was brought back from an older copy.
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
  const { epochs, problems } = known === undefined ? nothing : await replicateEpochs(o, known);
  const renewed = reasonToRenew(known, epochs, o);
  if (known !== undefined && renewed === undefined) return { host: o.host, domain: known, epochs, problems };
  const base = known ?? { id: randomBytes(16).toString('hex'), name: o.name, secret: randomBytes(32) };
  const { epoch, object } = await createEpoch({
    repository: o.host.repository,
    writer: o.host.writer,
    domain: base,
    recipients: o.recipients,
    signer: o.host.signer,
    created: o.now,
  });
  await o.store.put(epochKey(base.id, epoch.id), object);
  const domain: HostDomain = {
    id: base.id,
    name: base.name,
    secret: base.secret,
    epoch: { id: epoch.id, publicKey: epoch.publicKey, created: epoch.created, recipients: epoch.recipients },
  };
  const domains = [...o.host.domains.filter((other) => other.id !== domain.id), domain];
  const host = await saveHostKeys(o.stateFolder, { ...o.host, domains });
  const all = new Set([...epochs, epoch.id]);
  return { host, domain, epochs: all, problems, ...(renewed === undefined ? {} : { renewed }) };
}

/** Publishes this host's public signing key on every target: the object that one has already, or a new one. */
export async function publishWriter(store: Store, host: HostKeys, hostName: string, created: string): Promise<void> {
  const { repository, writer, signer, join } = host;
  const key = writerKey(writer);
  const listed = await store.list(WRITERS_PREFIX);
  if (listed.every((objects) => objects.has(key))) return;
  const object = listed.some((objects) => objects.has(key))
    ? await store.read(key, undefined, (bytes) => {
        decodeWriter(bytes, key);
        return bytes;
      })
    : encodeWriter(
        { id: writer, repository, host: hostName, publicKey: signer.publicKey, joinKey: join.publicKey, created },
        signer,
      );
  for (const [i, objects] of listed.entries()) {
    if (!objects.has(key)) await new Store([store.targets[i] as NamedTarget]).put(key, object);
  }
}

function reasonToRenew(
  known: HostDomain | undefined,
  epochs: ReadonlySet<string>,
  o: DomainOptions,
): EnsuredDomain['renewed'] {
  if (known === undefined) return 'new domain';
  if (!epochs.has(known.epoch.id)) return 'epoch lost';
  const wanted = o.recipients.map(({ fingerprint }) => fingerprint).sort();
  if (wanted.join() !== [...known.epoch.recipients].sort().join()) return 'recipients changed';
  const age = o.now.getTime() - Date.parse(known.epoch.created);
  return age >= EPOCH_DAYS * DAY_MS ? 'epoch ended' : undefined;
}

const nothing: Pick<EnsuredDomain, 'epochs' | 'problems'> = { epochs: new Set(), problems: [] };

/**
 * Reads every epoch of the domain, and gives a target that joined later those that the others have: without them nothing on it
 * could be opened. What does not read as an epoch is said and passed over: one such object must not end all backups.
 */
async function replicateEpochs(
  { store, host }: DomainOptions,
  domain: HostDomain,
): Promise<Pick<EnsuredDomain, 'epochs' | 'problems'>> {
  const epochs = new Set<string>();
  const problems: Failure[] = [];
  const listed = await store.list(epochPrefix(domain.id));
  for (const key of new Set(listed.flatMap((objects) => [...objects.keys()]))) {
    const epoch = parseEpochKey(key)?.epoch;
    if (epoch === undefined) continue;
    try {
      const object = await store.read(key, undefined, (bytes) => {
        decodeEpoch(bytes, key, (writer) => (writer === host.writer ? host.signer.publicKey : undefined));
        return bytes;
      });
      for (const [i, objects] of listed.entries()) {
        if (!objects.has(key)) await new Store([store.targets[i] as NamedTarget]).put(key, object);
      }
      epochs.add(epoch);
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      if (failure.origin === 'target' && failure.code !== 'OBJECT_MISSING') throw error;
      problems.push(failure);
    }
  }
  return { epochs, problems };
}
