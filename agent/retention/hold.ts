import type { Snapshot } from './snapshot.ts';

/** Somebody's word that snapshots stay, whatever the rules say: a dispute, an audit. What any hold covers, stays. */
export interface Hold {
  readonly by: string;
  readonly why: string;
  /** The last moment of it; absent: until it is lifted. */
  readonly until?: Date;
  /** Ids of snapshots, and groups, that it covers. Without either it covers everything. That they exist is not asked here. */
  readonly snapshots?: readonly string[];
  readonly groups?: readonly string[];
}

/** The holds on a snapshot at a time. One whose end cannot be read has none. */
export type HoldsOn = (snapshot: Snapshot) => readonly Hold[];

export function holdsAt(holds: readonly Hold[], now: Date): HoldsOn {
  const current = holds
    .filter(({ until }) => !(until !== undefined && until.getTime() < now.getTime()))
    .map((hold) => ({ hold, snapshots: new Set(hold.snapshots), groups: new Set(hold.groups) }));
  return ({ id, group }) =>
    current
      .filter(
        ({ hold, snapshots, groups }) =>
          (hold.snapshots === undefined && hold.groups === undefined) || snapshots.has(id) || groups.has(group),
      )
      .map(({ hold }) => hold);
}
