import type { HoldSpec } from '../config/policy.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';
import type { Snapshot } from '../retention/snapshot.ts';
import { holdsOnStored, type StoredHolds } from '../retention/stored-holds.ts';

/** A stored snapshot as retention looks at it: by its key, since what people call one is so short that two may be called the same. */
export function retainedOf(stored: StoredSnapshot): Snapshot {
  const { sequence, finished, verdict } = stored.opened.header;
  return { id: stored.key, group: groupOf(stored), sequence, time: new Date(finished), verdict };
}

/** What the holds of a policy cover among all that is stored. */
export function heldAmong(holds: readonly HoldSpec[], stored: readonly StoredSnapshot[]): StoredHolds {
  const holdable = stored.map((snapshot) => {
    const { hash, header } = snapshot.opened;
    return { key: snapshot.key, hash, job: header.job, group: groupOf(snapshot) };
  });
  return holdsOnStored(holds, holdable);
}

function groupOf({ opened: { header } }: StoredSnapshot): string {
  return JSON.stringify([header.writer, header.job, header.source]);
}
