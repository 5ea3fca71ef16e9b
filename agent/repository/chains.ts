import type { Failure } from '../contract/index.ts';
import { parseSnapshotKey, snapshotKey } from './layout.ts';
import type { SnapshotListing, StoredSnapshot } from './snapshots.ts';
import type { StoredVoid } from './voids.ts';

/** A snapshot, or a void in the place of one, that does not follow what is before it. */
export interface BrokenLink {
  /** What a void says of what is before it nobody needs to believe: who put it may have known no better, or have meant to disturb. */
  readonly by: 'snapshot' | 'void';
  readonly key: string;
  /** Ids of the snapshots that this says something of: the one that is gone, or both that do not fit. */
  readonly affected: readonly string[];
  readonly failure: Failure;
}

/** What names what it follows. */
interface Link {
  readonly key: string;
  /** Its own; a void has none. */
  readonly id?: string;
  readonly before: { readonly key: string; readonly hash: string };
}

type Chained = Pick<SnapshotListing, 'snapshots' | 'forgotten' | 'removals' | 'voids' | 'unbelieved' | 'overtaken'>;

/**
 * Each snapshot names the hash of the one before it, so that a removal or a swap shows: those that do not follow, oldest first. Of
 * the last of a chain nothing in the repository says that it was there. What a trusted writer removed leaves no hole, nor does what he made
 * void: a run may have followed what it left on another target meanwhile.
 */
export function brokenLinks({ snapshots, forgotten, removals, voids, unbelieved, overtaken }: Chained): BrokenLink[] {
  const read = [...snapshots, ...forgotten].toSorted((a, b) => a.opened.header.sequence - b.opened.header.sequence);
  const present = new Map(read.map(({ key, id, opened: { hash } }) => [key, { id, hash }]));
  const voided = new Set([...overtaken, ...voids.map(({ key }) => key)]);
  const named = new Map(unbelieved.map(({ key, hash }) => [key, hash]));
  return [...read.flatMap(linkOf), ...voids.flatMap(linkOfVoid)].flatMap(({ key, id, before }) => {
    const found = present.get(before.key);
    if (found?.hash === before.hash || named.get(before.key) === before.hash || voided.has(before.key)) return [];
    if (found === undefined && removals.knows(before.key, before.hash)) return [];
    const lost = before.hash.slice(0, 8);
    const affected = found === undefined ? [lost] : [...(id === undefined ? [] : [id]), found.id];
    return [
      {
        by: id === undefined ? 'void' : 'snapshot',
        key,
        affected,
        failure: notFollowing(key, { key: before.key, id: lost }, found !== undefined),
      },
    ];
  });
}

function linkOf(snapshot: StoredSnapshot): Link[] {
  const before = beforeOf(snapshot);
  if (before === undefined) return [];
  return [{ key: snapshot.key, id: snapshot.id, before: { key: before.key, hash: snapshot.opened.header.previous } }];
}

/** Whoever put it may not have known what is before it. */
function linkOfVoid({ key, void: { previous } }: StoredVoid): Link[] {
  const { writer, job, sequence } = parseSnapshotKey(key) ?? { writer: '', job: '', sequence: 1 };
  if (sequence === 1 || previous === '') return [];
  return [{ key, before: { key: snapshotKey(writer, job, sequence - 1), hash: previous } }];
}

/** What a snapshot says that it follows; undefined for the first of a chain. */
export function beforeOf({
  opened: { header },
}: StoredSnapshot): { readonly key: string; readonly id: string } | undefined {
  const { writer, job, sequence, previous } = header;
  if (sequence === 1) return undefined;
  return { key: snapshotKey(writer, job, sequence - 1), id: previous.slice(0, 8) };
}

function notFollowing(key: string, before: { readonly key: string; readonly id: string }, replaced: boolean): Failure {
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
