import type { Policy } from '../config/policy.ts';
import type { PluginRegistry } from '../config/registry.ts';
import { fail } from '../contract/index.ts';
import { openStore } from '../engine/opening.ts';
import { readApprovers, readRecipients } from '../engine/recipients.ts';
import { replicateApprovals, signApproval } from '../repository/approvals.ts';
import { ensureDomain, publishWriter } from '../repository/domains.ts';
import { approvalOf } from '../repository/granting.ts';
import { type HostKeys, loadHostKeys, newHostKeys, saveHostKeys } from '../repository/keys/host-keys.ts';
import type { Identity } from '../repository/keys/identity.ts';
import type { Recipient } from '../repository/keys/recipient.ts';
import { ensureMarker } from '../repository/marker.ts';
import type { Store } from '../repository/store.ts';
import { Writers } from '../repository/writers.ts';
import { openEngine } from './engine.ts';
import type { Invocation } from './invocation.ts';
import { noSpan } from './open-repository.ts';
import { makePlaces } from './places.ts';

/** What this host is to the repository. */
export interface OwnWriter {
  /** 32 hex. */
  readonly id: string;
  /** What people compare before they approve it. */
  readonly code: string;
  readonly approved: boolean;
}

export interface Setup {
  readonly steps: readonly SetupStep[];
  readonly writer: OwnWriter;
}

/** One thing that must be there before the first run, and whether it had to be made. */
export interface SetupStep {
  readonly what: string;
  readonly made: boolean;
}

/**
 * Makes whatever the jobs of a policy need and is not there yet: the places of the targets, the repository's marker on each,
 * this host's keys, an epoch for every domain. What is there is left as it is, so it can be called again at any time.
 * `identity`: the recovery key, when this host has it and nobody needs to be asked for it; with it, the host is approved at once.
 * Throws RECIPIENT_MISSING, RECIPIENT_UNUSABLE, REPOSITORY_MIXED and what targets and keys throw.
 */
export async function setUpRepository(
  invocation: Invocation,
  policy: Policy,
  plugins: PluginRegistry,
  identity: () => Promise<Identity | undefined>,
): Promise<Setup> {
  const { stateFolder, signal, now } = invocation;
  const read = await readRecipients(Object.values(policy.recipients), now());
  const recipients = new Map(read.map((recipient) => [recipient.name, recipient]));
  await using engine = await openEngine(invocation, plugins);
  await makePlaces(engine, policy, signal);
  await using store = await openStore(Object.values(policy.targets), { engine, span: noSpan, signal });
  const steps: SetupStep[] = [];
  const known = await loadHostKeys(stateFolder);
  const { marker, created } = await ensureMarker(store, now(), known?.repository);
  for (const { name } of store.targets)
    steps.push({ what: `repository on target ${name}`, made: created.includes(name) });
  // Before they are published: what was published without being kept would be a writer that nobody is.
  let host = known ?? (await saveHostKeys(stateFolder, newHostKeys(marker.id)));
  await publishWriter(store, host, policy.host, now().toISOString());
  steps.push({ what: `writing keys of this host (${host.writer.slice(0, 8)})`, made: !known });
  await replicateApprovals(store, host.writer);
  const approval = await approveOwn({ store, policy, host, now: now() }, identity);
  for (const [name, chosen] of domainsOf(policy, recipients)) {
    const ensured = await ensureDomain({ store, host, name, recipients: chosen, stateFolder, now: now() });
    host = ensured.host;
    const why = ensured.renewed === undefined || ensured.renewed === 'new domain' ? '' : ` (${ensured.renewed})`;
    steps.push({ what: `keys of domain ${name}${why}`, made: ensured.renewed !== undefined });
  }
  return { steps: [...steps, ...approval.steps], writer: approval.writer };
}

/** Approves this host with the recovery key that it has itself, as long as it has it. */
async function approveOwn(
  { store, policy, host, now }: { store: Store; policy: Policy; host: HostKeys; now: Date },
  unlock: () => Promise<Identity | undefined>,
): Promise<Setup> {
  const { approvers } = await readApprovers(Object.values(policy.recipients));
  const load = () => Writers.load(store, host.repository, { own: host, approvers });
  const own = (await load()).get(host.writer) ?? failUnpublished();
  const { id, code } = own;
  const what = `approval of this host (${code})`;
  if (own.approvals.length > 0) return { steps: [{ what, made: false }], writer: { id, code, approved: true } };
  const identity = await unlock();
  const approver = approvers.find(({ fingerprint }) => fingerprint === identity?.fingerprint);
  if (identity === undefined || approver === undefined) return { steps: [], writer: { id, code, approved: false } };
  const approval = approvalOf(own, { domains: [], approver: approver.fingerprint, now });
  const { key, object } = await signApproval(approval, { identity, approver, now });
  await store.put(key, object);
  return { steps: [{ what, made: true }], writer: { id, code, approved: true } };
}

function failUnpublished(): never {
  return fail({
    code: 'OBJECT_MISSING',
    message: 'the writer that was just published is not listed by any target',
    origin: 'target',
    permanent: false,
  });
}

// All jobs of a domain have the same recipients: config refuses others (HF4006).
function domainsOf(policy: Policy, recipients: ReadonlyMap<string, Recipient>): Map<string, Recipient[]> {
  const jobs = Object.values(policy.jobs);
  return new Map(jobs.map((job) => [job.domain, job.recipients.flatMap(({ name }) => recipients.get(name) ?? [])]));
}
