import { type Failure, failureOf } from '../contract/index.ts';
import { type EpochReading, noEpochs, replicateEpochs } from './domain-epochs.ts';
import type { PresentEpochs } from './index-loading.ts';
import { createEpoch } from './keys/epoch.ts';
import { freshBytes, freshId } from './keys/fresh-bytes.ts';
import { type HostDomain, type HostKeys, loadHostKeys, saveHostKeys } from './keys/host-keys.ts';
import { decodeWriter, encodeWriter } from './keys/writer.ts';
import { epochKey, WRITERS_PREFIX, writerKey } from './layout.ts';
import { refuseSecond, sharedSecret } from './shared-domains.ts';
import { type NamedTarget, Store } from './store.ts';

const DAY_MS = 86_400_000;
/** An epoch's life: after it, new data keys are sealed to a new one. Deduplication goes on across epochs. */
export const EPOCH_DAYS = 90;

export interface DomainOptions extends EpochReading {
  /** `<host>/<retention class>`, or the name of the shared domain. */
  readonly name: string;
  readonly stateFolder: string;
  readonly now: Date;
}

/** `renewed` says why a new epoch was made; absent when the current one serves. */
export interface EnsuredDomain {
  readonly host: HostKeys;
  readonly domain: HostDomain;
  readonly renewed?:
    | 'new domain'
    | 'joined'
    | 'epoch ended'
    | 'epoch from the future'
    | 'recipients changed'
    | 'epoch lost';
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
  readonly problem?: Failure;
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
  const present = base.renewed === 'new domain' ? noEpochs : await replicateEpochs(o, base.id);
  const problems = [...(base.problem === undefined ? [] : [base.problem]), ...present.problems];
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
    id: freshId(),
    name: o.name,
    secret: freshBytes(32),
    renewed: 'new domain',
  });
  const held = (known: HostDomain | undefined): Base => (known === undefined ? fresh() : { ...known, known });
  if (o.sharing === undefined) return held(o.host.domains.find(({ name }) => name === o.name));
  const shared = await sharedSecret(o.sharing, o);
  if (shared.kind === 'absent') return fresh();
  if (shared.kind === 'known') {
    const base = held(o.host.domains.find(({ id }) => id === shared.id));
    return shared.divided === undefined ? base : { ...base, problem: shared.divided };
  }
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
  // Made under a clock that was ahead, it would serve for as much longer.
  if (age < -DAY_MS) return 'epoch from the future';
  return age >= EPOCH_DAYS * DAY_MS ? 'epoch ended' : undefined;
}
