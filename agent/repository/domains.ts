import { randomBytes } from 'node:crypto';
import { type Failure, failureOf } from '../contract/index.ts';
import type { PresentEpochs } from './index-loading.ts';
import { createEpoch, decodeEpoch, type Epoch } from './keys/epoch.ts';
import { type HostDomain, type HostKeys, loadHostKeys, saveHostKeys } from './keys/host-keys.ts';
import type { Recipient } from './keys/recipient.ts';
import { decodeWriter, encodeWriter } from './keys/writer.ts';
import { epochKey, epochPrefix, parseEpochKey, WRITERS_PREFIX, writerKey } from './layout.ts';
import { refuseSecond, type Sharing, sharedSecret } from './shared-domains.ts';
import { type NamedTarget, Store } from './store.ts';
import type { Writers } from './writers.ts';

const DAY_MS = 86_400_000;
/** An epoch's life: after it, new data keys are sealed to a new one. Deduplication goes on across epochs. */
export const EPOCH_DAYS = 90;

export interface DomainOptions {
  readonly store: Store;
  readonly host: HostKeys;
  /** `<host>/<retention class>`, or the name of the shared domain. */
  readonly name: string;
  /** The domain, when it is a shared one. */
  readonly sharing?: Sharing | undefined;
  readonly writers: Writers;
  readonly recipients: readonly Recipient[];
  readonly stateFolder: string;
  readonly now: Date;
}

/** `renewed` says why a new epoch was made; absent when the current one serves. */
export interface EnsuredDomain {
  readonly host: HostKeys;
  readonly domain: HostDomain;
  readonly renewed?: 'new domain' | 'joined' | 'epoch ended' | 'recipients changed' | 'epoch lost';
  readonly epochs: PresentEpochs;
  /** Objects among the epochs that are none. */
  readonly problems: readonly Failure[];
}

/** Where a domain comes from: this host's keys, an approval, or nowhere yet. */
interface Base {
  readonly id: string;
  readonly name: string;
  readonly secret: Uint8Array;
  readonly known?: HostDomain;
  readonly renewed?: 'new domain' | 'joined';
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
  const base = await baseOf(o);
  const present = base.renewed === 'new domain' ? nothing : await replicateEpochs(o, base.id);
  const { problems } = present;
  const renewed = base.renewed ?? reasonToRenew(base.known, present.intact, o);
  const { known } = base;
  if (known !== undefined && renewed === undefined) return { host: o.host, domain: known, epochs: present, problems };
  const { epoch, object } = await createEpoch({
    repository: o.host.repository,
    writer: o.host.writer,
    domain: base,
    recipients: o.recipients,
    signer: o.host.signer,
    created: o.now,
  });
  await o.store.put(epochKey(base.id, epoch.id), object);
  if (o.sharing !== undefined && renewed === 'new domain') await refuseSecond(o.sharing, base.id, o);
  const domain: HostDomain = {
    id: base.id,
    name: base.name,
    secret: base.secret,
    epoch: { id: epoch.id, publicKey: epoch.publicKey, created: epoch.created, recipients: epoch.recipients },
  };
  const domains = [...o.host.domains.filter((other) => other.id !== domain.id), domain];
  const host = await saveHostKeys(o.stateFolder, { ...o.host, domains });
  const epochs = { ...present, usable: new Set([...present.usable, epoch.id]) };
  return { host, domain, epochs, problems, ...(renewed === undefined ? {} : { renewed }) };
}

async function baseOf(o: DomainOptions): Promise<Base> {
  const fresh = (): Base => ({
    id: randomBytes(16).toString('hex'),
    name: o.name,
    secret: randomBytes(32),
    renewed: 'new domain',
  });
  const held = (known: HostDomain | undefined): Base => (known === undefined ? fresh() : { ...known, known });
  if (o.sharing === undefined) return held(o.host.domains.find(({ name }) => name === o.name));
  const shared = await sharedSecret(o.sharing, o);
  if (shared.kind === 'absent') return fresh();
  if (shared.kind === 'known') return held(o.host.domains.find(({ id }) => id === shared.id));
  return { id: shared.id, name: o.name, secret: shared.secret, renewed: 'joined' };
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
  intact: ReadonlySet<string>,
  o: DomainOptions,
): EnsuredDomain['renewed'] {
  if (known === undefined) return 'new domain';
  if (!intact.has(known.epoch.id)) return 'epoch lost';
  const wanted = o.recipients.map(({ fingerprint }) => fingerprint).sort();
  if (wanted.join() !== [...known.epoch.recipients].sort().join()) return 'recipients changed';
  const age = o.now.getTime() - Date.parse(known.epoch.created);
  return age >= EPOCH_DAYS * DAY_MS ? 'epoch ended' : undefined;
}

interface Present extends PresentEpochs {
  readonly intact: ReadonlySet<string>;
  readonly problems: readonly Failure[];
}

const nothing: Present = { usable: new Set(), withheld: new Set(), intact: new Set(), problems: [] };

/**
 * Reads every epoch of the domain, and gives a target that joined later those that the others have: without them nothing on it
 * could be opened. What does not read as an epoch of a trusted writer is said and passed over: one such object must not end all
 * backups.
 *
 * Of another host's epochs those are usable that all recipients of this host's policy can open: what is not stored a second time
 * must be there for whoever restores this host.
 */
async function replicateEpochs(o: DomainOptions, domain: string): Promise<Present> {
  const { store, host, writers } = o;
  const epochs: Epoch[] = [];
  const problems: Failure[] = [];
  const listed = await store.list(epochPrefix(domain));
  for (const key of new Set(listed.flatMap((objects) => [...objects.keys()]))) {
    if (parseEpochKey(key) === undefined) continue;
    try {
      const { epoch, object } = await store.read(key, undefined, (bytes) => {
        return { epoch: decodeEpoch(bytes, key, writers.trustedKeyOf), object: bytes };
      });
      for (const [i, objects] of listed.entries()) {
        if (!objects.has(key)) await new Store([store.targets[i] as NamedTarget]).put(key, object);
      }
      epochs.push(epoch);
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      if (failure.origin === 'target' && failure.code !== 'OBJECT_MISSING') throw error;
      problems.push(failure);
    }
  }
  const lacking = (epoch: Epoch) => o.recipients.filter(({ fingerprint }) => !epoch.recipients.includes(fingerprint));
  const withheld = epochs.filter((epoch) => epoch.writer !== host.writer && lacking(epoch).length > 0);
  for (const epoch of withheld) problems.push(notShared(epoch, lacking(epoch), writers));
  const ids = (of: readonly Epoch[]) => new Set(of.map(({ id }) => id));
  return {
    usable: ids(epochs.filter((epoch) => !withheld.includes(epoch))),
    withheld: ids(withheld),
    intact: ids(epochs),
    problems,
  };
}

function notShared({ id, domainName, writer }: Epoch, lacking: readonly Recipient[], writers: Writers): Failure {
  const names = lacking.map(({ name }) => name).join(', ');
  return {
    code: 'EPOCH_NARROWER',
    message: `what ${writers.get(writer)?.host ?? writer} stored in domain "${domainName}" under epoch ${id.slice(0, 8)} is stored anew: ${names} could not open it`,
    origin: 'policy',
    permanent: true,
    hint: 'let the hosts of a shared domain have the same recipients',
  };
}
