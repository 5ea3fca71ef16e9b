import { fail, failureOf } from '../contract/index.ts';
import { parseSnapshotKey, SNAPSHOTS_PREFIX, snapshotKey } from '../repository/layout.ts';
import type { StoredSession } from '../repository/sessions.ts';
import { encodeVoid } from '../repository/snapshot-void.ts';
import { listSnapshots, type SnapshotListing } from '../repository/snapshots.ts';
import type { Store } from '../repository/store.ts';
import { findVoid } from '../repository/voids.ts';
import type { PrunedPlace } from './place.ts';
import { readAtWork } from './waiting.ts';

/** A run of another host that has not ended for so long has died with it. By this host's clock and the writer's. */
const DEAD_DAYS = 30;

export interface FenceOptions {
  /** Writers whose hosts are said to be gone: their runs are dead, however young. */
  readonly gone: ReadonlySet<string>;
  /** By this host's clock. */
  readonly now: Date;
}

/**
 * The sessions of a place that are taken for dead: of other hosts, open for 30 days or of hosts that are gone. Only where all targets can be
 * had, and no snapshot lies on any of them that ends one: what one target has already is brought to the others.
 */
export async function findDead(place: PrunedPlace, o: FenceOptions): Promise<readonly StoredSession[]> {
  if (!place.all) return [];
  const { open } = await readAtWork(place);
  const since = o.now.getTime() - DEAD_DAYS * 86_400_000;
  // A session may name the snapshot of another writer, which it copies: that one is not ended by it.
  const dead = open.filter(
    ({ session: { writer, snapshot, created } }) =>
      writer !== place.host.writer &&
      parseSnapshotKey(snapshot)?.writer === writer &&
      (o.gone.has(writer) || Date.parse(created) <= since),
  );
  if (dead.length === 0) return [];
  const there = new Set(await place.store.keys(SNAPSHOTS_PREFIX));
  const found: StoredSession[] = [];
  for (const one of dead) {
    const key = one.session.snapshot;
    // A void that whoever put it could not put on every target.
    if (!there.has(key) || (await findVoid(place.store, place.writers, key)) !== undefined) found.push(one);
  }
  return found;
}

/**
 * Ends dead runs for good: a void at the key of the snapshot that one was to end with, on every target. Whether it was dead does not matter
 * for what is kept: of snapshot and void one is there first, and a run that finds the void there has failed. Gives those that had not
 * ended by themselves meanwhile.
 */
export async function fence(
  place: PrunedPlace,
  dead: readonly StoredSession[],
  now: Date,
): Promise<readonly StoredSession[]> {
  if (dead.length === 0) return [];
  const listing = await listSnapshots(place.store, place.writers);
  const fenced: StoredSession[] = [];
  for (const one of dead) if (await putVoid(place, one.session.snapshot, listing, now)) fenced.push(one);
  return fenced;
}

/** False where the run has ended itself meanwhile. */
async function putVoid(
  { store, writers, host }: PrunedPlace,
  key: string,
  listing: SnapshotListing,
  now: Date,
): Promise<boolean> {
  // Whoever was interrupted has left it on some.
  const begun = await findVoid(store, writers, key);
  const { bytes, hash } =
    begun ??
    encodeVoid(
      {
        repository: host.repository,
        writer: host.writer,
        snapshot: key,
        previous: hashBefore(key, listing),
        created: now.toISOString(),
      },
      host.signer,
    );
  return await putOnAll(store, key, bytes, hash);
}

/** One after the other: the first that has something else there already says that the run is not dead. */
async function putOnAll({ targets }: Store, key: string, bytes: Uint8Array, hash: string): Promise<boolean> {
  for (const { target } of targets) {
    try {
      await target.put(key, bytes, { sha256: hash });
    } catch (error) {
      if (failureOf(error, { code: 'TARGET_IO', origin: 'target' }).code === 'TARGET_CONFLICT') return false;
      fail(failureOf(error, { code: 'TARGET_IO', origin: 'target' }), error);
    }
  }
  return true;
}

function hashBefore(key: string, { snapshots, forgotten, voids }: SnapshotListing): string {
  const { writer, job, sequence } = parseSnapshotKey(key) ?? { writer: '', job: '', sequence: 1 };
  if (sequence === 1) return '';
  const before = snapshotKey(writer, job, sequence - 1);
  const found = [...snapshots, ...forgotten].find((one) => one.key === before)?.opened.hash;
  return found ?? voids.find((one) => one.key === before)?.hash ?? '';
}
