import type { Failure } from '../contract/index.ts';
import { snapshotKey } from './layout.ts';
import type { SnapshotListing, StoredSnapshot } from './snapshots.ts';

/** A snapshot that does not follow the one before it. */
export interface BrokenLink {
  readonly snapshot: StoredSnapshot;
  /** The key of the one before it, and what it is called, by the hash that this one names. */
  readonly before: { readonly key: string; readonly id: string };
  /** What lies there in its place, if anything that can be read does. */
  readonly found: StoredSnapshot | undefined;
  readonly failure: Failure;
}

/**
 * Each snapshot names the hash of the one before it, so that a removal or a swap shows: those that do not follow, oldest first. Of
 * the last of a chain nothing in the repository says that it was there. What a trusted writer removed leaves no hole.
 */
export function brokenLinks(listing: Pick<SnapshotListing, 'snapshots' | 'forgotten' | 'removals'>): BrokenLink[] {
  const snapshots: readonly StoredSnapshot[] = [...listing.snapshots, ...listing.forgotten];
  const present = new Map(snapshots.map((snapshot) => [snapshot.key, snapshot]));
  return snapshots
    .toSorted((a, b) => a.opened.header.sequence - b.opened.header.sequence)
    .flatMap((snapshot) => {
      const before = beforeOf(snapshot);
      const found = before && present.get(before.key);
      const { previous } = snapshot.opened.header;
      if (before === undefined || found?.opened.hash === previous) return [];
      if (found === undefined && listing.removals.knows(before.key, previous)) return [];
      return [{ snapshot, before, found, failure: notFollowing(snapshot, before, found !== undefined) }];
    });
}

/** What a snapshot says that it follows; undefined for the first of a chain. */
export function beforeOf({ opened: { header } }: StoredSnapshot): BrokenLink['before'] | undefined {
  const { writer, job, sequence, previous } = header;
  if (sequence === 1) return undefined;
  return { key: snapshotKey(writer, job, sequence - 1), id: previous.slice(0, 8) };
}

function notFollowing({ key }: StoredSnapshot, before: BrokenLink['before'], replaced: boolean): Failure {
  return {
    code: 'CHAIN_BROKEN',
    message: `${key} follows snapshot ${before.id}, and ${replaced ? 'that is not what lies' : 'nothing that can be read lies'} at ${before.key}`,
    origin: 'repository',
    permanent: true,
    hint: replaced
      ? 'a snapshot was replaced, or two machines write with the keys of one; what is there restores'
      : 'a snapshot was removed, damaged, or never copied to here; what is left restores',
  };
}
