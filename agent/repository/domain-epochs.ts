import { type Failure, failureOf } from '../contract/index.ts';
import type { PresentEpochs } from './index-loading.ts';
import { decodeEpoch, type Epoch } from './keys/epoch.ts';
import type { HostKeys } from './keys/host-keys.ts';
import type { Recipient } from './keys/recipient.ts';
import { epochPrefix, parseEpochKey } from './layout.ts';
import { isSharing, type Sharing } from './shared-domains.ts';
import { type NamedTarget, Store } from './store.ts';
import type { Writers } from './writers.ts';

/** The epochs of a domain, as a host that writes to it sees them. */
export interface DomainEpochs extends PresentEpochs {
  /** Those that are whole, whoever can open them. */
  readonly intact: ReadonlySet<string>;
  readonly problems: readonly Failure[];
}

/** Who reads them, and whom and what it relies on. */
export interface EpochReading {
  readonly store: Store;
  readonly host: HostKeys;
  readonly writers: Writers;
  readonly recipients: readonly Recipient[];
  /** The domain, when it is a shared one. */
  readonly sharing?: Sharing | undefined;
}

/** Of a domain that is being made. */
export const noEpochs: DomainEpochs = { usable: new Set(), withheld: new Set(), intact: new Set(), problems: [] };

/**
 * Reads every epoch of the domain, and gives a target that joined later those that the others have: without them nothing on it
 * could be opened. What does not read as an epoch of a trusted writer is said and passed over: one such object must not end all
 * backups.
 *
 * Of another host's epochs those are usable whose host the policy has share the domain, as it stands now, and that all recipients
 * of this host's policy can open: what is not stored a second time must be there for whoever restores this host.
 */
export async function replicateEpochs(o: EpochReading, domain: string): Promise<DomainEpochs> {
  const { store, host, writers } = o;
  const epochs: Epoch[] = [];
  const problems: Failure[] = [];
  const withheld = new Set<string>();
  const listed = await store.list(epochPrefix(domain));
  for (const key of new Set(listed.flatMap((objects) => [...objects.keys()]))) {
    const name = parseEpochKey(key);
    if (name === undefined) continue;
    try {
      const { epoch, object } = await store.read(key, undefined, (bytes) => {
        return { epoch: decodeEpoch(bytes, key, writers.trustedKeyOf, writers.repository), object: bytes };
      });
      for (const [i, objects] of listed.entries()) {
        if (!objects.has(key)) await new Store([store.targets[i] as NamedTarget]).put(key, object);
      }
      epochs.push(epoch);
      const problem = epoch.writer === host.writer ? undefined : whyWithheld(epoch, o);
      if (problem === undefined) continue;
      withheld.add(epoch.id);
      problems.push(problem);
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      if (failure.origin === 'target' && failure.code !== 'OBJECT_MISSING') throw error;
      // It is there and may be whole: nothing is lost, it only is nobody's whose word counts.
      if (failure.code === 'WRITER_UNAPPROVED') withheld.add(name.epoch);
      problems.push(failure);
    }
  }
  const intact = new Set(epochs.map(({ id }) => id));
  return { usable: new Set([...intact].filter((id) => !withheld.has(id))), withheld, intact, problems };
}

/** Why what another host stored under an epoch is not relied on; undefined when it is. */
function whyWithheld(epoch: Epoch, { recipients, sharing, writers }: EpochReading): Failure | undefined {
  const writer = writers.get(epoch.writer);
  const stored = `what ${writer?.host ?? epoch.writer} stored in domain "${epoch.domainName}" under epoch ${epoch.id.slice(0, 8)} is stored anew`;
  if (sharing === undefined || !isSharing(writer, sharing)) {
    return {
      code: 'EPOCH_UNSHARED',
      message: `${stored}: the policy does not have that host share the domain`,
      origin: 'policy',
      permanent: true,
      hint: 'if the host was taken out because somebody else may have its keys, give the domain another name in the policy as well: who knows its secret can still pass for the others in it',
    };
  }
  const lacking = recipients.filter(({ fingerprint }) => !epoch.recipients.includes(fingerprint));
  if (lacking.length === 0) return undefined;
  return {
    code: 'EPOCH_NARROWER',
    message: `${stored}: ${lacking.map(({ name }) => name).join(', ')} could not open it`,
    origin: 'policy',
    permanent: true,
    hint: 'let the hosts of a shared domain have the same recipients',
  };
}
