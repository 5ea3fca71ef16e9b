import { randomBytes } from 'node:crypto';
import type { Policy } from '../config/policy.ts';
import type { PluginRegistry } from '../config/registry.ts';
import { openStore } from '../engine/opening.ts';
import { readRecipients } from '../engine/recipients.ts';
import { ensureDomain, publishWriter } from '../repository/domains.ts';
import { type HostKeys, loadHostKeys, saveHostKeys } from '../repository/keys/host-keys.ts';
import type { Recipient } from '../repository/keys/recipient.ts';
import { generateSigner } from '../repository/keys/signing.ts';
import { ensureMarker } from '../repository/marker.ts';
import { openEngine } from './engine.ts';
import type { Invocation } from './invocation.ts';
import { noSpan } from './open-repository.ts';
import { makePlaces } from './places.ts';

/** One thing that must be there before the first run, and whether it had to be made. */
export interface SetupStep {
  readonly what: string;
  readonly made: boolean;
}

/**
 * Makes whatever the jobs of a policy need and is not there yet: the places of the targets, the repository's marker on each,
 * this host's keys, an epoch for every domain. What is there is left as it is, so it can be called again at any time.
 * Throws RECIPIENT_MISSING, RECIPIENT_UNUSABLE, REPOSITORY_MIXED and what targets and keys throw.
 */
export async function setUpRepository(
  invocation: Invocation,
  policy: Policy,
  plugins: PluginRegistry,
): Promise<readonly SetupStep[]> {
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
  let host = known ?? newHost(marker.id);
  // The repository first, this host's file last: a host must never use keys that the repository does not have.
  await publishWriter(store, host, policy.host, now().toISOString());
  if (!known) host = await saveHostKeys(stateFolder, host);
  steps.push({ what: `writing keys of this host (${host.writer.slice(0, 8)})`, made: !known });
  for (const [name, chosen] of domainsOf(policy, recipients)) {
    const ensured = await ensureDomain({ store, host, name, recipients: chosen, stateFolder, now: now() });
    host = ensured.host;
    const why = ensured.renewed === undefined || ensured.renewed === 'new domain' ? '' : ` (${ensured.renewed})`;
    steps.push({ what: `keys of domain ${name}${why}`, made: ensured.renewed !== undefined });
  }
  return steps;
}

function newHost(repository: string): HostKeys {
  return { repository, writer: randomBytes(16).toString('hex'), signer: generateSigner(), domains: [] };
}

// All jobs of a domain have the same recipients: config refuses others (HF4006).
function domainsOf(policy: Policy, recipients: ReadonlyMap<string, Recipient>): Map<string, Recipient[]> {
  const jobs = Object.values(policy.jobs);
  return new Map(jobs.map((job) => [job.domain, job.recipients.flatMap(({ name }) => recipients.get(name) ?? [])]));
}
