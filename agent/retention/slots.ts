import type { Snapshot } from './snapshot.ts';

/** A snapshot that stands for a period. */
export interface Slot {
  readonly snapshot: Snapshot;
  /** From 1, the newest, for what is complete; 0 for what stands in. */
  readonly place: number;
  /** A newer one of the period is incomplete. */
  readonly despite: boolean;
}

/**
 * Who stands for the newest `count` periods, of snapshots that are sorted, the newest first; `keyOf` tells which are of one period.
 *
 * Only periods that have a snapshot count, and two counts are made. Of the newest `count` periods with something complete, the
 * newest complete one stands. Of the newest `count` with anything, those that have nothing complete are stood for by their newest.
 * So what is incomplete never costs a complete one its place, and a job that is never complete does not lose all but one.
 */
export function slotsOf(
  sorted: readonly Snapshot[],
  count: number,
  keyOf: (snapshot: Snapshot, index: number) => number,
): Slot[] {
  const complete = new Map<number, Snapshot>();
  const any = new Map<number, Snapshot>();
  for (const [index, snapshot] of sorted.entries()) {
    const key = keyOf(snapshot, index);
    if (!any.has(key)) any.set(key, snapshot);
    if (snapshot.verdict === 'complete' && !complete.has(key)) complete.set(key, snapshot);
  }
  // A Map lists its keys as they came: the newest period first.
  const standing = [...complete].slice(0, count).map(([key, snapshot], index): Slot => {
    return { snapshot, place: index + 1, despite: any.get(key) !== snapshot };
  });
  const standIns = [...any].slice(0, count).filter(([key]) => !complete.has(key));
  return [...standing, ...standIns.map(([, snapshot]): Slot => ({ snapshot, place: 0, despite: false }))];
}
