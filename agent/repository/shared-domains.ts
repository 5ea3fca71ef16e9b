import { type Failure, fail, failureOf } from '../contract/index.ts';
import { openDomainSecret } from './keys/approval.ts';
import { decodeEpoch, type Epoch } from './keys/epoch.ts';
import type { HostKeys } from './keys/host-keys.ts';
import { EPOCHS_PREFIX, parseEpochKey } from './layout.ts';
import type { Store } from './store.ts';
import type { KnownWriter, Writers } from './writers.ts';

/** A domain that hosts share, by the word of the policy. */
export interface Sharing {
  readonly name: string;
  includes(host: string): boolean;
}

/** A domain of some name that a trusted writer made. */
export interface FoundDomain {
  /** 32 hex. */
  readonly id: string;
  /** Of trusted writers that share it; oldest first. */
  readonly epochs: readonly Epoch[];
}

/**
 * The domains of this name that hosts made which share it; the first is the one that counts. There are two when two hosts made it
 * at the same time: then the one that says it is older counts, for all of them. What others call by the name is none.
 */
export async function findShared(store: Store, writers: Writers, sharing: Sharing): Promise<FoundDomain[]> {
  const keys = (await store.keys(EPOCHS_PREFIX)).filter((key) => parseEpochKey(key) !== undefined);
  const found: FoundDomain[] = [];
  for (const [id, own] of Map.groupBy(keys, (key) => parseEpochKey(key)?.domain ?? '')) {
    const epochs = await epochsNamed(store, writers, own, sharing);
    if (epochs.length > 0) found.push({ id, epochs: epochs.sort(byAge) });
  }
  return found.sort((a, b) => byAge(a.epochs[0], b.epochs[0]) || (a.id < b.id ? -1 : 1));
}

/** A domain has one name: the first that can be trusted says whether the others have to be read. */
async function epochsNamed(
  store: Store,
  writers: Writers,
  keys: readonly string[],
  sharing: Sharing,
): Promise<Epoch[]> {
  const epochs: Epoch[] = [];
  for (const key of keys) {
    try {
      const epoch = await store.read(key, undefined, (bytes) => decodeEpoch(bytes, key, writers.trustedKeyOf));
      if (epoch.domainName !== sharing.name) return epochs;
      if (isSharing(writers.get(epoch.writer), sharing)) epochs.push(epoch);
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      // Whoever needs a damaged one will be told; anybody may have added one that is not trusted.
      if (failure.origin === 'target' && failure.code !== 'OBJECT_MISSING') throw error;
    }
  }
  return epochs;
}

function isSharing(writer: KnownWriter | undefined, { includes }: Sharing): boolean {
  return writer !== undefined && (writer.own || (writer.approvals.length > 0 && includes(writer.host)));
}

function byAge(a: Epoch | undefined, b: Epoch | undefined): number {
  const [one, other] = [a?.created ?? '', b?.created ?? ''];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** What this host writes to a shared domain with: its keys of it, or a secret that it has not used yet. */
export type SharedSecret =
  | { readonly kind: 'known'; readonly id: string }
  | { readonly kind: 'granted'; readonly id: string; readonly secret: Uint8Array }
  | { readonly kind: 'absent' };

/**
 * The secret of a shared domain, as this host has it: in its own keys, or in an approval. `absent` when nobody has made the domain and
 * this host may. `JOIN_PENDING` when somebody has, or when nobody has approved this host yet.
 */
export async function sharedSecret(
  sharing: Sharing,
  o: { readonly store: Store; readonly writers: Writers; readonly host: HostKeys },
): Promise<SharedSecret> {
  const { store, writers, host } = o;
  const [counting] = await findShared(store, writers, sharing);
  const own = host.domains.filter(({ name }) => name === sharing.name);
  const known = counting === undefined ? own.at(-1) : own.find(({ id }) => id === counting.id);
  if (known !== undefined) return { kind: 'known', id: known.id };
  const writer = writers.get(host.writer);
  const granted = writer?.approvals
    .flatMap(({ domains }) => domains)
    .findLast(({ id, name }) => name === sharing.name && (counting === undefined || counting.id === id));
  if (granted !== undefined) {
    const names = { repository: host.repository, writer: host.writer, domain: granted.id };
    const secret = openDomainSecret(names, host.join.privateKey, granted.sealed);
    return secret === undefined ? failSealed(sharing.name) : { kind: 'granted', id: granted.id, secret };
  }
  if (counting !== undefined)
    return fail(joinPending(sharing.name, writer, whyPending(counting, own.length > 0, writers)));
  if (writer === undefined || writer.approvals.length === 0) {
    return fail(
      joinPending(
        sharing.name,
        writer,
        'is made and joined by approved hosts only, and nobody has approved this one yet',
      ),
    );
  }
  return { kind: 'absent' };
}

/** After this host made a domain: `JOIN_PENDING` when another made it at the same time, and that one counts. */
export async function refuseSecond(
  sharing: Sharing,
  made: string,
  o: { readonly store: Store; readonly writers: Writers; readonly host: HostKeys },
): Promise<void> {
  const [counting] = await findShared(o.store, o.writers, sharing);
  if (counting === undefined || counting.id === made) return;
  fail(joinPending(sharing.name, o.writers.get(o.host.writer), whyPending(counting, true, o.writers)));
}

function whyPending(counting: FoundDomain, twice: boolean, writers: Writers): string {
  const maker = writers.get(counting.epochs[0]?.writer ?? '')?.host ?? 'another host';
  const there = twice ? `was made by two hosts at once, and the one that ${maker} made counts` : `was made by ${maker}`;
  return `${there}; this host does not have its secret`;
}

function joinPending(name: string, writer: KnownWriter | undefined, why: string): Failure {
  return {
    code: 'JOIN_PENDING',
    message: `the shared domain "${name}" ${why}`,
    origin: 'key',
    permanent: true,
    hint: `whoever has a recovery key gives it: \`holdfast keys approve ${writer?.code ?? '<code>'} --key <recovery key>\`; then run again. Jobs of other domains run meanwhile`,
  };
}

function failSealed(name: string): never {
  return fail({
    code: 'KEY_DAMAGED',
    message: `the secret of the shared domain "${name}" in the approval of this host was not sealed to its join key`,
    origin: 'key',
    permanent: true,
    hint: 'whoever approved this host did so for other keys: compare its code (`holdfast keys`), and approve it again',
  });
}
