import type { HoldSpec } from '../config/policy.ts';
import type { Hold } from './hold.ts';

/** A stored snapshot, as far as holds look for it. */
export interface Holdable {
  /** The key of its object: what `Snapshot.id` is. */
  readonly key: string;
  /** All 64 hex digits of the object's SHA-256. */
  readonly hash: string;
  readonly job: string;
  /** As in `Snapshot.group`. */
  readonly group: string;
}

/** An id in a hold that is not the beginning of exactly one stored snapshot. */
export interface UnclearId {
  /** The name of the hold. */
  readonly hold: string;
  readonly id: string;
  /** How many it is the beginning of. More than one: all of them are held. */
  readonly matches: number;
}

export interface StoredHolds {
  /** One for each that the policy has, in its order, also when it covers nothing that is stored, or is over. */
  readonly holds: readonly Hold[];
  readonly unclear: readonly UnclearId[];
}

/**
 * The holds of a policy, by what they cover of all that is stored; of a job that is on every host and of every writer. An id that
 * nothing has is unclear, and holds nothing: whoever looked at a part of what is stored cannot say that it is nowhere.
 */
export function holdsOnStored(specs: readonly HoldSpec[], stored: readonly Holdable[]): StoredHolds {
  const unclear: UnclearId[] = [];
  const holds = specs.map(({ name, by, why, until, jobs, snapshots }): Hold => {
    const keys = snapshots?.flatMap((id) => {
      const matching = stored.filter(({ hash }) => hash.startsWith(id));
      if (matching.length !== 1) unclear.push({ hold: name, id, matches: matching.length });
      return matching.map(({ key }) => key);
    });
    const groups = jobs && stored.flatMap(({ job, group }) => (jobs.includes(job) ? [group] : []));
    return {
      by,
      why,
      ...(until && { until }),
      ...(keys && { snapshots: keys }),
      ...(groups && { groups: [...new Set(groups)] }),
    };
  });
  return { holds, unclear };
}
