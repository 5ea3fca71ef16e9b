import { DomainLock } from '../catalog/domain-lock.ts';
import { type Capacity, fail, failureOf } from '../contract/index.ts';
import type { RepositoryReading } from '../engine/repository-reading.ts';
import { domainKeys } from '../repository/keys/domain.ts';
import { type NamedTarget, onTarget } from '../repository/store.ts';
import type { StoredLast } from '../repository/stored-last.ts';
import { ownKeys } from './forget.ts';
import { removeObjects } from './place.ts';
import { type PruneOptions, pruneDomain } from './prune.ts';
import type { DomainPruned, TargetPruned } from './prune-report.ts';
import { supersededChecks } from './superseded-checks.ts';

export interface PruneTargetsOptions extends PruneOptions {
  readonly repository: RepositoryReading;
  /** The one to prune; all that can be had when it is absent. */
  readonly target?: string;
  readonly stateFolder: string;
  readonly stored: readonly StoredLast[];
  readonly signal: AbortSignal;
}

/** One at a time on a host. Runs are not kept from anything by it. */
export function lockPruning(stateFolder: string): DomainLock {
  return DomainLock.take(stateFolder, '.prune');
}

/** Prunes the domains whose keys this host has, target after target: one that fails does not keep the others from it. */
export async function pruneTargets(o: PruneTargetsOptions): Promise<TargetPruned[]> {
  const pruned: TargetPruned[] = [];
  const planned = new Set<string>();
  for (const target of o.repository.store.targets) {
    if (o.target === undefined || o.target === target.name) pruned.push(await pruneTarget(target, planned, o));
  }
  return pruned;
}

async function pruneTarget(target: NamedTarget, planned: Set<string>, o: PruneTargetsOptions): Promise<TargetPruned> {
  const { store, writers } = o.repository;
  const host = ownKeys(o.repository);
  const all = o.repository.unavailable.length === 0;
  const domains: DomainPruned[] = [];
  try {
    for (const { id, name, secret } of host.domains) {
      const keys = domainKeys(id, name, secret);
      domains.push(await pruneDomain({ ...o, target, store, all, planned, writers, host, keys }, o));
    }
    const checks = await clearChecks(target, o);
    const capacity = await capacityOf(target);
    return { target: target.name, domains, checks, ...(capacity && { capacity }) };
  } catch (error) {
    if (o.signal.aborted) throw error;
    return {
      target: target.name,
      domains,
      checks: 0,
      failure: failureOf(error, { code: 'PRUNE_FAILED', origin: 'repository' }),
    };
  }
}

async function capacityOf({ name, target }: NamedTarget): Promise<Capacity | undefined> {
  try {
    return await target.capacity?.();
  } catch (error) {
    return fail(onTarget(name, error), error);
  }
}

/** Says how many there were. */
async function clearChecks(target: NamedTarget, { repository, dryRun, signal }: PruneTargetsOptions): Promise<number> {
  const keys = await supersededChecks(target, repository.writers);
  if (!dryRun) await removeObjects({ target, signal }, keys);
  return keys.length;
}
