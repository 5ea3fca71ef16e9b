import { fail } from '../contract/index.ts';
import { chooseSnapshot, type SnapshotListing, type StoredSnapshot } from '../repository/snapshots.ts';
import type { Writers } from '../repository/writers.ts';

/**
 * The snapshots of all sources or one, from one snapshot or time to another, both included. `SNAPSHOT_UNKNOWN` for a source or id
 * that there is none of; `WRITER_UNAPPROVED` when there is one of a writer only that nobody approved.
 */
export function chooseRange(
  listing: Pick<SnapshotListing, 'snapshots' | 'unapproved'>,
  writers: Writers,
  o: { readonly source?: string; readonly from?: number | string; readonly to?: number | string },
): readonly StoredSnapshot[] {
  const { snapshots, unapproved } = listing;
  const own = snapshots.filter(({ opened }) => o.source === undefined || opened.header.source === o.source);
  // It knows what to say of a source that nobody has backed up, or nobody who is trusted.
  if (own.length === 0 && o.source !== undefined) chooseSnapshot(listing, writers, o.source, 'latest');
  if (own.length === 0 && unapproved[0] !== undefined) fail(writers.unapproved(unapproved[0].writer, 'what it wrote'));
  const named = (bound: number | string | undefined) =>
    typeof bound === 'string' ? snapshotNamed(listing, writers, o.source, bound) : bound;
  const [from, to] = [named(o.from), named(o.to)];
  return own.filter((snapshot) => isAfter(snapshot, from, snapshots, 1) && isAfter(snapshot, to, snapshots, -1));
}

/** `bound`: milliseconds since 1970, or a snapshot. */
function isAfter(
  snapshot: StoredSnapshot,
  bound: number | StoredSnapshot | undefined,
  snapshots: readonly StoredSnapshot[],
  sign: 1 | -1,
): boolean {
  if (bound === undefined) return true;
  if (typeof bound === 'number') {
    const finished = Date.parse(snapshot.opened.header.finished);
    // A whole second lasts to its end: times are listed without its parts.
    return sign === 1 ? finished >= bound : finished <= (bound % 1000 === 0 ? bound + 999 : bound);
  }
  return sign * (snapshots.indexOf(snapshot) - snapshots.indexOf(bound)) >= 0;
}

function snapshotNamed(
  listing: Pick<SnapshotListing, 'snapshots' | 'unapproved'>,
  writers: Writers,
  source: string | undefined,
  id: string,
): StoredSnapshot {
  const all = [...listing.snapshots, ...listing.unapproved.flatMap(({ snapshot }) => snapshot ?? [])];
  const found = all.find(({ opened }) => opened.hash.startsWith(id)) ?? all[0];
  // It knows what to say of an id that is not there, or that is one of several.
  return chooseSnapshot(listing, writers, source ?? found?.opened.header.source ?? '', id);
}
