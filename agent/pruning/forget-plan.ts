import type { HoldSpec, Job } from '../config/policy.ts';
import type { Failure } from '../contract/index.ts';
import { listSnapshots, type StoredSnapshot } from '../repository/snapshots.ts';
import { clockOf, type NamedTarget, Store } from '../repository/store.ts';
import type { Writers } from '../repository/writers.ts';
import { type Decision, decideRetention } from '../retention/decision.ts';
import { rulesOn } from '../retention/rules-on.ts';
import type { UnclearId } from '../retention/stored-holds.ts';
import { heldAmong, retainedOf } from './retained.ts';

/** What becomes of the snapshots of one job on one target. */
export interface JobPlan {
  readonly job: string;
  /** The class of the job. */
  readonly retention: string;
  readonly decisions: readonly Decision[];
}

/** What becomes of a writer's snapshots on one target. */
export interface TargetPlan {
  readonly target: NamedTarget;
  /** What was decided by: the earlier of this host's clock and the target's, since an earlier one keeps all that a later one keeps. */
  readonly now: Date;
  /** The target's own clock. */
  readonly clock: Date;
  readonly jobs: readonly JobPlan[];
  /** By their keys: those that are wanted here now. */
  readonly snapshots: ReadonlyMap<string, StoredSnapshot>;
  /** Jobs that have snapshots here and that no policy says anything of: theirs stay. */
  readonly unruled: ReadonlyMap<string, number>;
  /** Ids in holds that are not those of exactly one snapshot here. */
  readonly unclear: readonly UnclearId[];
  /** What cannot be read here: it stays, and nothing is decided by it. */
  readonly damaged: readonly { readonly key: string; readonly failure: Failure }[];
}

export interface ForgetPlanOptions {
  readonly writers: Writers;
  /** Whose snapshots: 32 hex. */
  readonly writer: string;
  readonly jobs: readonly Job[];
  readonly holds: readonly HoldSpec[];
  readonly now: Date;
}

/** Decides about each job's snapshots on a target by themselves; changes nothing. */
export async function planForget(target: NamedTarget, o: ForgetPlanOptions): Promise<TargetPlan> {
  const clock = await clockOf(target);
  const now = clock < o.now ? clock : o.now;
  const listing = await listSnapshots(new Store([target]), o.writers);
  const own = listing.snapshots.filter(({ opened: { header } }) => header.writer === o.writer);
  // Of all that is here: a hold names snapshots, whoever made them.
  const { holds, unclear } = heldAmong(o.holds, [...listing.snapshots, ...listing.forgotten]);
  const byJob = Map.groupBy(own, ({ opened: { header } }) => header.job);
  const ruled = o.jobs.filter(({ targets }) => targets.some(({ name }) => name === target.name));
  const jobs = ruled.flatMap((job): JobPlan[] => {
    const stored = byJob.get(job.name);
    if (stored === undefined) return [];
    const { name: retention, timezone } = job.retention;
    const rules = rulesOn(job.retention, target.name);
    const decisions = decideRetention(stored.map(retainedOf), rules, { now, timezone, holds });
    return [{ job: job.name, retention, decisions }];
  });
  const names = new Set(ruled.map(({ name }) => name));
  const unruled = new Map([...byJob].flatMap(([job, { length }]) => (names.has(job) ? [] : [[job, length]])));
  const snapshots = new Map(own.map((snapshot) => [snapshot.key, snapshot]));
  return { target, now, clock, jobs, snapshots, unruled, unclear, damaged: listing.damaged };
}

/** What a plan would forget, in the order of its decisions. */
export function forgottenBy({ jobs, snapshots }: TargetPlan): StoredSnapshot[] {
  const keys = jobs.flatMap(({ decisions }) =>
    decisions.flatMap(({ action, snapshot: { id } }) => (action === 'forget' ? [id] : [])),
  );
  return keys.flatMap((key) => snapshots.get(key) ?? []);
}
