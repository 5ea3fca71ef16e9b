import { type Failure, fail, failureOf } from '../contract/index.ts';
import { brokenLinks } from '../repository/chains.ts';
import type { DomainKeys } from '../repository/keys/domain.ts';
import { parseSnapshotKey, SNAPSHOTS_PREFIX } from '../repository/layout.ts';
import { birthName } from '../repository/missing-frames.ts';
import type { References } from '../repository/references.ts';
import { listSnapshots, type SnapshotListing, type StoredSnapshot } from '../repository/snapshots.ts';
import { type NamedTarget, Store } from '../repository/store.ts';
import { type StoredLast, vanishedSnapshots } from '../repository/stored-last.ts';
import type { Writers } from '../repository/writers.ts';

/** Frames by the salt of their birth, as {@link birthName} writes it, and their ordinals in it. */
export type Frames = Map<string, Set<number>>;

/** What one target needs of a domain, and what it needs no more. */
export interface Live {
  readonly frames: Frames;
  /** How many snapshots need them. */
  readonly snapshots: number;
  /** Wanted no more on this target for longer than they are kept to be brought back: their objects may go. */
  readonly expired: readonly StoredSnapshot[];
  /** What those refer to. */
  readonly expiredFrames: Frames;
}

export interface LiveOptions {
  /** Where garbage is looked for. */
  readonly target: NamedTarget;
  /** All targets that can be had: a snapshot that another has and this one lags behind with needs what lies here already. */
  readonly store: Store;
  readonly writers: Writers;
  readonly keys: DomainKeys;
  /** By the clock of the target, milliseconds since 1970: what was forgotten later can still be brought back. */
  readonly forgottenBefore: number;
  readonly stored: readonly StoredLast[];
  readonly writer: string;
}

/**
 * Reads every snapshot of a domain. Fails with `PRUNE_REFUSED` where it cannot be sure to have seen all of them: one that cannot be read, a
 * hole in a chain that nobody said, what this host stored last and is gone.
 */
export async function readLive(o: LiveOptions): Promise<Live> {
  const listing = await listSnapshots(o.store, o.writers);
  refuseUnsure(listing, o);
  const here = new Set(await new Store([o.target]).keys(SNAPSHOTS_PREFIX));
  const frames: Frames = new Map();
  const expiredFrames: Frames = new Map();
  const expired: StoredSnapshot[] = [];
  let snapshots = 0;
  for (const snapshot of [...listing.snapshots, ...listing.forgotten]) {
    if (snapshot.opened.header.domain !== o.keys.id) continue;
    const removed = listing.removals.find(o.target.name, snapshot.key, snapshot.opened.hash);
    const isHere = here.has(snapshot.key);
    if (removed !== undefined && !isHere) continue;
    const references = referencesOf(snapshot, o.keys);
    if (removed !== undefined && Date.parse(removed.since) <= o.forgottenBefore) {
      expired.push(snapshot);
      add(expiredFrames, references);
      continue;
    }
    snapshots++;
    add(frames, references);
  }
  for (const { snapshot } of listing.unapproved) addUnapproved(frames, snapshot, o.keys);
  return { frames, snapshots, expired, expiredFrames };
}

function refuseUnsure(listing: SnapshotListing, { stored, writer }: LiveOptions): void {
  const unreadable = listing.damaged.find(({ key }) => parseSnapshotKey(key) !== undefined);
  if (unreadable !== undefined)
    fail(refused(`${unreadable.key} cannot be read, and what it needs is not known`, REPAIR), unreadable.failure);
  const hole = brokenLinks(listing).find(({ by }) => by === 'snapshot');
  if (hole !== undefined) fail(refused(hole.failure.message, hole.failure.hint ?? REPAIR));
  const [gone] = vanishedSnapshots(stored, writer, listing);
  if (gone !== undefined) fail(refused(gone.failure.message, gone.failure.hint ?? REPAIR));
}

const REPAIR =
  '`holdfast verify` says what else is wrong; what another target has undamaged can be brought back from there';

function refused(why: string, hint: string): Failure {
  return {
    code: 'PRUNE_REFUSED',
    message: `nothing is pruned: ${why}`,
    origin: 'repository',
    permanent: true,
    hint,
  };
}

function referencesOf(snapshot: StoredSnapshot, keys: DomainKeys): References {
  try {
    return snapshot.opened.references(keys.indexKey);
  } catch (error) {
    const { message } = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
    return fail(refused(`what snapshot ${snapshot.id} needs cannot be read: ${message}`, REPAIR), error);
  }
}

/** Of a host that nobody approved yet: when it is of this domain, it is kept. When its key is another's, it needs nothing here. */
function addUnapproved(frames: Frames, snapshot: StoredSnapshot | undefined, keys: DomainKeys): void {
  if (snapshot?.opened.header.domain !== keys.id) return;
  try {
    add(frames, snapshot.opened.references(keys.indexKey));
  } catch (error) {
    const { code } = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
    if (code !== 'WRONG_KEY' && code !== 'OBJECT_DAMAGED') throw error;
  }
}

function add(frames: Frames, { births }: References): void {
  for (const { salt, ordinals } of births) {
    const name = birthName(salt);
    let known = frames.get(name);
    if (known === undefined) {
      known = new Set();
      frames.set(name, known);
    }
    for (const ordinal of ordinals) known.add(ordinal);
  }
}
