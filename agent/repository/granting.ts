import { fail } from '../contract/index.ts';
import { type Approval, type SealedDomain, sealDomainSecret } from './keys/approval.ts';
import { unlockEpoch } from './keys/epoch.ts';
import type { Identity } from './keys/identity.ts';
import type { Writer } from './keys/writer.ts';
import { type FoundDomain, findShared, type Sharing } from './shared-domains.ts';
import type { Store } from './store.ts';
import type { KnownWriter, Writers } from './writers.ts';

/** What is said of a writer, by `approver` (a fingerprint). Whoever signs it has compared its code. */
export function approvalOf(
  writer: Writer,
  o: Pick<Approval, 'domains' | 'approver'> & { readonly now: Date },
): Approval {
  const { id, repository, host, publicKey, joinKey } = writer;
  const { domains, approver, now } = o;
  return { repository, writer: id, host, publicKey, joinKey, domains, approver, created: now.toISOString() };
}

/** A shared domain that the policy gives a writer. */
export interface Wanted {
  readonly name: string;
  /**
   * `made`: the writer has written to it, and needs nothing. `granted`: an approval has the secret. `open`: an approval is to have it.
   * `absent`: nobody has made it; the first of its hosts that runs does.
   */
  readonly state: 'made' | 'granted' | 'open' | 'absent';
  readonly domain?: FoundDomain;
}

/** Which secrets a writer is to have. Needs no key. */
export async function wantedBy(
  writer: KnownWriter,
  sharings: readonly Sharing[],
  o: { readonly store: Store; readonly writers: Writers },
): Promise<Wanted[]> {
  const wanted: Wanted[] = [];
  for (const sharing of sharings.filter(({ includes }) => includes(writer.host))) {
    const [domain] = await findShared(o.store, o.writers, sharing);
    wanted.push(
      domain === undefined ? { name: sharing.name, state: 'absent' } : wantedOf(writer, sharing.name, domain),
    );
  }
  return wanted;
}

function wantedOf(writer: KnownWriter, name: string, domain: FoundDomain): Wanted {
  const made = domain.epochs.some((epoch) => epoch.writer === writer.id);
  const granted = writer.approvals.some(({ domains }) => domains.some(({ id }) => id === domain.id));
  return { name, state: made ? 'made' : granted ? 'granted' : 'open', domain };
}

/** Opens the epochs of the domains that are `open` and seals their secrets to the writer. `WRONG_KEY` when the identity is no recipient. */
export async function sealWanted(
  writer: Writer,
  wanted: readonly Wanted[],
  identity: Identity,
): Promise<SealedDomain[]> {
  const sealed: SealedDomain[] = [];
  for (const { name, state, domain } of wanted) {
    if (state !== 'open' || domain === undefined) continue;
    const epoch = domain.epochs.find(({ recipients }) => recipients.includes(identity.fingerprint));
    if (epoch === undefined) return failNoRecipient(name, domain, identity);
    const { privateKey, domainSecret } = await unlockEpoch(epoch, identity);
    const names = { repository: writer.repository, writer: writer.id, domain: domain.id };
    sealed.push({ id: domain.id, name, sealed: sealDomainSecret(names, writer.joinKey, domainSecret) });
    for (const secret of [privateKey, domainSecret]) secret.fill(0);
  }
  return sealed;
}

function failNoRecipient(name: string, { epochs }: FoundDomain, { fingerprint }: Identity): never {
  const recipients = [...new Set(epochs.flatMap((epoch) => epoch.recipients))];
  return fail({
    code: 'WRONG_KEY',
    message: `Key ${fingerprint} does not open the shared domain "${name}", whose secret this host is to have.`,
    origin: 'key',
    permanent: true,
    hint: `It is sealed to ${recipients.join(', ')}: approve with one of those.`,
  });
}
