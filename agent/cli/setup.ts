import type { Policy } from '../config/policy.ts';
import type { PluginRegistry } from '../config/registry.ts';
import { type Failure, fail, failureOf } from '../contract/index.ts';
import { rememberPlace } from '../engine/known-places.ts';
import { type Engine, openStore } from '../engine/opening.ts';
import { readRecipients } from '../engine/recipients.ts';
import { type DomainOptions, ensureDomain, publishWriter } from '../repository/domains.ts';
import { type HostKeys, loadHostKeys, newHostKeys, saveHostKeys } from '../repository/keys/host-keys.ts';
import type { Identity } from '../repository/keys/identity.ts';
import { SNAPSHOTS_PREFIX, WRITERS_PREFIX } from '../repository/layout.ts';
import { ensureMarker, readMarker } from '../repository/marker.ts';
import type { Store } from '../repository/store.ts';
import { openEngine } from './engine.ts';
import type { Invocation } from './invocation.ts';
import { requireRepository } from './known-repository.ts';
import { noSpan, readingOf } from './open-repository.ts';
import { type OwnWriter, settleOwnWriter } from './own-writer.ts';
import { makePlaces } from './places.ts';
import { sharingOf } from './sharing.ts';

/** One thing that must be there before the first run, and whether it had to be made. */
export interface SetupStep {
  readonly what: string;
  readonly made: boolean;
}

export interface Setup {
  readonly steps: readonly SetupStep[];
  readonly writer: OwnWriter;
  /** Shared domains that this host has no secret of yet. */
  readonly pending: readonly Failure[];
}

export interface SetupOptions {
  /** The repository is another host's, and must be there. */
  readonly join: boolean;
  /** The recovery key, when this host has it and nobody needs to be asked for it: with it, the host is approved at once. */
  identity(): Promise<Identity | undefined>;
}

/**
 * Makes whatever the jobs of a policy need and is not there yet: the places of the targets, the repository's marker on each,
 * this host's keys, an epoch for every domain. What is there is left as it is, so it can be called again at any time, also when
 * it was killed. Throws RECIPIENT_MISSING, RECIPIENT_UNUSABLE, REPOSITORY_MIXED and what targets and keys throw;
 * REPOSITORY_EXISTS where there is one that this host has no part in, and NOT_A_REPOSITORY where there is none to join.
 */
export async function setUpRepository(
  invocation: Invocation,
  policy: Policy,
  plugins: PluginRegistry,
  options: SetupOptions,
): Promise<Setup> {
  const { stateFolder, signal, now } = invocation;
  const read = await readRecipients(Object.values(policy.recipients), now());
  await using engine = await openEngine(invocation, plugins);
  if (!options.join) {
    const known = await loadHostKeys(stateFolder);
    if (known !== undefined) await requireRepository(engine, readingOf(policy), known, signal);
    await makePlaces(engine, policy, signal);
  }
  await using store = await openStore(Object.values(policy.targets), { engine, span: noSpan, signal });
  const { host, steps } = await ensureHost(engine, policy, store, options.join);
  for (const target of Object.values(policy.targets)) await rememberPlace(engine, target, host.repository);
  const own = await settleOwnWriter({ store, policy, host, now: now() }, options.identity);
  if (own.approved) steps.push({ what: `approval of this host (${own.writer.code})`, made: own.approved === 'now' });
  const pending: Failure[] = [];
  let keys = host;
  for (const job of firstOfDomains(policy)) {
    const chosen = job.recipients.flatMap(({ name }) => read.find((recipient) => recipient.name === name) ?? []);
    const ensured = await domainOrFailure({
      store,
      host: keys,
      writers: own.writers,
      name: job.domain,
      sharing: job.shared && sharingOf(job.shared),
      recipients: chosen,
      stateFolder,
      now: now(),
    });
    if ('code' in ensured) pending.push(ensured);
    else {
      keys = ensured.host;
      const why = ensured.renewed === undefined || ensured.renewed === 'new domain' ? '' : ` (${ensured.renewed})`;
      steps.push({ what: `keys of domain ${job.domain}${why}`, made: ensured.renewed !== undefined });
    }
  }
  return { steps, writer: own.writer, pending };
}

/** This host's keys, published; with the repository that they are for, unless it must be there. */
async function ensureHost(
  { stateFolder, now }: Engine,
  policy: Policy,
  store: Store,
  join: boolean,
): Promise<{ host: HostKeys; steps: SetupStep[] }> {
  const known = await loadHostKeys(stateFolder);
  const { marker, created } = join
    ? { marker: await readMarker(store, NOTHING_TO_JOIN), created: [] }
    : await ensureMarker(store, now(), known?.repository);
  if (!join && known === undefined && created.length === 0) await refuseForeign(store, marker.id);
  if (join && known !== undefined && known.repository !== marker.id) failOther(marker.id, known.repository);
  // Before they are published: what was published without being kept would be a writer that nobody is.
  const host = known ?? (await saveHostKeys(stateFolder, newHostKeys(marker.id)));
  await publishWriter(store, host, policy.host, now().toISOString());
  const targets = store.targets.map(({ name }) => ({
    what: `repository on target ${name}`,
    made: created.includes(name),
  }));
  const keys = { what: `writing keys of this host (${host.writer.slice(0, 8)})`, made: known === undefined };
  return { host, steps: [...targets, keys] };
}

const NOTHING_TO_JOIN =
  'the first host makes it: `holdfast init` there. If it has done so, this is another place: check the path, and what should be mounted';

/** A marker alone is what an `init` left that was killed: that goes on. One with writers is somebody's. */
async function refuseForeign(store: Store, repository: string): Promise<void> {
  for (const prefix of [WRITERS_PREFIX, SNAPSHOTS_PREFIX]) {
    if ((await store.keys(prefix)).length > 0) failForeign(repository);
  }
}

/** Waiting for a secret keeps one domain waiting, and nothing else. */
async function domainOrFailure(options: DomainOptions) {
  try {
    return await ensureDomain(options);
  } catch (error) {
    const failure = failureOf(error, { code: 'DOMAIN_FAILED', origin: 'key' });
    if (failure.code === 'JOIN_PENDING') return failure;
    throw error;
  }
}

/** One job of each domain. All of them have the same recipients: config refuses others (HF4006). */
function firstOfDomains({ jobs }: Policy) {
  return [
    ...new Map(
      Object.values(jobs)
        .toReversed()
        .map((job) => [job.domain, job]),
    ).values(),
  ];
}

function failForeign(repository: string): never {
  return fail({
    code: 'REPOSITORY_EXISTS',
    message: `the targets hold repository ${repository} already, and this host has no keys for it`,
    origin: 'key',
    permanent: true,
    hint: 'if this is another host of the same repository, or one that has lost its state: `holdfast init --join`. If you meant to make a new one: name an empty place in the policy',
  });
}

function failOther(found: string, expected: string): never {
  return fail({
    code: 'REPOSITORY_OTHER',
    message: `the targets hold repository ${found}; this host was set up for ${expected}`,
    origin: 'target',
    permanent: true,
    hint: 'check the path or bucket of the targets, or use another state folder for another repository',
  });
}
