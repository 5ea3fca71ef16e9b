import { DomainLock } from '../catalog/domain-lock.ts';
import type { Policy } from '../config/policy.ts';
import { type Failure, fail } from '../contract/index.ts';
import type { RepositoryReading } from '../engine/repository-reading.ts';
import type { HostKeys } from '../repository/keys/host-keys.ts';
import { Removals } from '../repository/removals.ts';
import { type ForgottenSnapshot, listSnapshots } from '../repository/snapshots.ts';
import { clockOf } from '../repository/store.ts';
import type { UnclearId } from '../retention/stored-holds.ts';
import { forgottenBy, planForget, type TargetPlan } from './forget-plan.ts';
import { writeRemoval } from './removal-writing.ts';

export interface ForgetOptions {
  readonly repository: RepositoryReading;
  readonly policy: Policy;
  readonly now: Date;
  readonly stateFolder: string;
}

/**
 * What is forgotten on each target that can be had, one target after the other. `HOLD_UNCLEAR` where all targets can be had and a hold
 * names a snapshot that none of them has: the one that was meant would be forgotten.
 */
export async function planForgets(o: ForgetOptions): Promise<TargetPlan[]> {
  const { store, writers } = o.repository;
  const { writer } = ownKeys(o.repository);
  const plans: TargetPlan[] = [];
  for (const target of store.targets) {
    plans.push(
      await planForget(target, {
        writers,
        writer,
        jobs: Object.values(o.policy.jobs),
        holds: o.policy.holds,
        now: o.now,
      }),
    );
  }
  const nowhere = unmet(plans)[0];
  if (nowhere !== undefined && reachesAll(o)) failUnclear(nowhere);
  return plans;
}

/** Ids in holds that are on none of the targets. */
export function unmet(plans: readonly TargetPlan[]): UnclearId[] {
  const [first, ...others] = plans.map(({ unclear }) => unclear.filter(({ matches }) => matches === 0));
  const lacks = (ids: readonly UnclearId[], { hold, id }: UnclearId) =>
    ids.some((other) => other.hold === hold && other.id === id);
  return (first ?? []).filter((one) => others.every((ids) => lacks(ids, one)));
}

function failUnclear({ hold, id }: UnclearId): never {
  return fail({
    code: 'HOLD_UNCLEAR',
    message: `the hold ${hold} names snapshot ${id}, and no target has one: nothing was forgotten`,
    origin: 'policy',
    permanent: true,
    hint: 'the one that is meant would be forgotten: see `holdfast snapshots` for its id, and mend the hold, or take it out',
  });
}

/** One at a time on a host: a record says all that was said before, so that two at once would each leave out what the other says. */
export function lockForgetting(stateFolder: string): DomainLock {
  return DomainLock.take(stateFolder, '.forget');
}

/** Says on each target what its plan forgets; gives the key of each record. Only under {@link lockForgetting}. */
export async function carryOutForgets(o: ForgetOptions, plans: readonly TargetPlan[]): Promise<Map<string, string>> {
  const { store, writers } = o.repository;
  const removals = await Removals.load(store, writers);
  const written = new Map<string, string>();
  for (const plan of plans) {
    const since = plan.clock.toISOString();
    const more = forgottenBy(plan).map(({ key, opened: { hash } }) => ({ key, hash, since }));
    if (more.length === 0) continue;
    written.set(plan.target.name, await writeRemoval({ ...writingTo(o, removals), ...plan }, { more }));
  }
  return written;
}

/**
 * Takes back that snapshots are wanted no more, on each target that still has them. `ids`: as people write them. `SNAPSHOT_UNKNOWN` for
 * one that is not among those forgotten by this host. Only under {@link lockForgetting}.
 */
export async function takeBack(o: ForgetOptions, ids: readonly string[]): Promise<ForgottenSnapshot[]> {
  const { store, writers } = o.repository;
  const { writer } = ownKeys(o.repository);
  const { forgotten, removals } = await listSnapshots(store, writers);
  const mine = forgotten.filter(({ key, forgotten: places }) =>
    Object.keys(places).some((target) => removals.whoRemoved(target, key).includes(writer)),
  );
  const chosen = ids.map((id) => oneOf(mine, id));
  const back = new Set(chosen.map(({ key }) => key));
  for (const target of store.targets) {
    if (!removals.by(writer, target.name).some(({ key }) => back.has(key))) continue;
    await writeRemoval({ ...writingTo(o, removals), target, clock: await clockOf(target) }, { back });
  }
  return chosen;
}

function writingTo({ repository, policy }: ForgetOptions, removals: Removals) {
  return { host: ownKeys(repository), removals, reached: repository.store, all: reachesAll({ repository, policy }) };
}

function reachesAll({ repository, policy }: Pick<ForgetOptions, 'repository' | 'policy'>): boolean {
  const { targets } = repository.store;
  return Object.keys(policy.targets).every((name) => targets.some((target) => target.name === name));
}

function oneOf(snapshots: readonly ForgottenSnapshot[], id: string): ForgottenSnapshot {
  const found = /^[0-9a-f]{4,64}$/.test(id) ? snapshots.filter(({ opened }) => opened.hash.startsWith(id)) : [];
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const known = snapshots.map((one) => one.id).join(', ');
  return fail({
    code: found.length > 1 ? 'SNAPSHOT_AMBIGUOUS' : 'SNAPSHOT_UNKNOWN',
    message:
      found.length > 1
        ? `${id} is the beginning of ${found.length} forgotten snapshots`
        : `no snapshot ${id} is among those that this host has forgotten and that are still there`,
    origin: 'policy',
    permanent: true,
    hint: known === '' ? 'none is: what was pruned is gone' : `there are: ${known}`,
  });
}

/** This host's keys: `NOT_INITIALISED` where it does not write to this repository. */
export function ownKeys({ host, id }: RepositoryReading): HostKeys {
  return host ?? fail(notOurs(id));
}

function notOurs(id: string): Failure {
  return {
    code: 'NOT_INITIALISED',
    message: `this host has no keys for repository ${id.slice(0, 8)}, and so no snapshots in it of its own`,
    origin: 'key',
    permanent: true,
    hint: 'say it on the host that backs up, as the same user; its state folder is named with --state',
  };
}
