import type { TreeRecord } from '../repository/tree.ts';
import { ContentComparison } from './content-comparison.ts';
import { type EntryDifference, entryDifference } from './entry-difference.ts';
import type { Found } from './path-histories.ts';
import { lookUp } from './record-reading.ts';
import { artifactOf, type ReadableSnapshot } from './unlocked-domains.ts';

/**
 * What became of a path, from the first snapshot that has it: a new step where something changed. `snapshots`: all that agree, the
 * oldest first. `unread`: they could not say. `skipped`: it could not be read when they were made, so that nobody knows whether it was
 * there.
 */
export type Step =
  | {
      readonly state: 'there';
      readonly entry: HistoryEntry;
      readonly difference?: EntryDifference;
      readonly snapshots: ReadableSnapshot[];
    }
  | { readonly state: 'absent' | Unknown; readonly snapshots: ReadableSnapshot[] };

/** Why it is not known what a snapshot would have at a path. */
export type Unknown = 'unread' | 'skipped';

/** A stream has no record. Sizes in bytes. */
export type HistoryEntry = TreeRecord | { readonly kind: 'stream'; readonly size: number };

/** Divides what each snapshot has at one path of a tree into steps. */
export async function stepsOf(
  snapshots: readonly ReadableSnapshot[],
  found: readonly (Found | 'skipped')[],
  part: string,
): Promise<Step[]> {
  const steps: Step[] = [];
  let last: { readonly record: TreeRecord; readonly snapshot: ReadableSnapshot } | undefined;
  for (const [at, here] of found.entries()) {
    const snapshot = snapshots[at] as ReadableSnapshot;
    const step = steps.at(-1);
    if (here === 'absent' || here === 'unread' || here === 'skipped') {
      if (step === undefined && here === 'absent') continue;
      if (step?.state === here) step.snapshots.push(snapshot);
      else steps.push({ state: here, snapshots: [snapshot] });
      continue;
    }
    const difference =
      last === undefined ? undefined : await differenceOf(last.record, last.snapshot, here, snapshot, part);
    last = { record: here, snapshot };
    if (step?.state === 'there' && difference === undefined) step.snapshots.push(snapshot);
    else steps.push({ state: 'there', entry: here, ...(difference && { difference }), snapshots: [snapshot] });
  }
  return steps;
}

async function differenceOf(
  record: TreeRecord,
  snapshot: ReadableSnapshot,
  later: TreeRecord,
  laterSnapshot: ReadableSnapshot,
  part: string,
): Promise<EntryDifference | undefined> {
  // Of one page: the same bytes.
  if (record === later) return undefined;
  const find = (where: ReadableSnapshot) => async (path: Uint8Array) => {
    const artifact = artifactOf(where, { name: part, kind: 'tree' });
    return artifact && lookUp(where.domain, artifact, path);
  };
  const difference = await entryDifference(record, later, new ContentComparison(snapshot, laterSnapshot, false), {
    before: find(snapshot),
    after: find(laterSnapshot),
  });
  return difference.aspects.length > 0 || difference.contentUnknown ? difference : undefined;
}
