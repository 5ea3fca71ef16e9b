import { type Failure, fail, failureOf } from '../contract/index.ts';
import { parseSnapshotKey, SNAPSHOTS_PREFIX, snapshotKey } from '../repository/layout.ts';
import type { StoredSession } from '../repository/sessions.ts';
import { encodeVoid } from '../repository/snapshot-void.ts';
import { listSnapshots, readSnapshot, type SnapshotListing } from '../repository/snapshots.ts';
import { clockOf, onTarget, type Store } from '../repository/store.ts';
import { findVoid } from '../repository/voids.ts';
import type { PrunedPlace } from './place.ts';
import { readAtWork } from './waiting.ts';

/** A run of another host that has not ended for so long has died with it. By the clocks of this host and of the target, and by the writer's. */
const DEAD_DAYS = 30;

export interface FenceOptions {
  /** Writers whose hosts are said to be gone: their runs are dead, however young. */
  readonly gone: ReadonlySet<string>;
  /** By this host's clock. */
  readonly now: Date;
}

/** What fencing came to. */
export interface Fenced {
  /** Those that had not ended by themselves meanwhile. */
  readonly sessions: readonly StoredSession[];
  /** Why others were not: what waits for them goes on waiting. */
  readonly problems: readonly Failure[];
}

/**
 * The sessions of a place that are taken for dead: of other hosts, open for 30 days or of hosts that are gone. Only where all targets can be
 * had, and no snapshot lies on any of them that ends one: what one target has already is brought to the others.
 */
export async function findDead(place: PrunedPlace, o: FenceOptions): Promise<readonly StoredSession[]> {
  if (!place.all) return [];
  const { open } = await readAtWork(place);
  // The earlier of two clocks: one that is fast takes nobody for dead.
  const now = Math.min(o.now.getTime(), (await clockOf(place.target)).getTime());
  // A session may name the snapshot of another writer, which it copies: that one is not ended by it.
  const dead = open.filter(
    ({ session: { writer, snapshot, created } }) =>
      writer !== place.host.writer &&
      parseSnapshotKey(snapshot)?.writer === writer &&
      (o.gone.has(writer) || Date.parse(created) <= now - DEAD_DAYS * 86_400_000),
  );
  if (dead.length === 0) return [];
  const there = new Set(await place.store.keys(SNAPSHOTS_PREFIX));
  const found: StoredSession[] = [];
  // A void may lie there that whoever put it could not put on every target.
  for (const one of dead)
    if (!there.has(one.session.snapshot) || (await isVoidEverywhere(place, one.session.snapshot))) found.push(one);
  return found;
}

/** On each target that has anything under the key. */
async function isVoidEverywhere({ store, writers }: PrunedPlace, key: string): Promise<boolean> {
  try {
    await readSnapshot(store, writers, key);
    return false;
  } catch (error) {
    const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
    return failure.origin === 'target' ? fail(failure, error) : failure.code === 'SNAPSHOT_VOID';
  }
}

/**
 * Ends dead runs for good: a void at the key of the snapshot that one was to end with, on every target. Whether it was dead does not matter
 * for what is kept: of snapshot and void one is there first, and a run that finds the void there has failed.
 */
export async function fence(place: PrunedPlace, dead: readonly StoredSession[], now: Date): Promise<Fenced> {
  const [sessions, problems]: [StoredSession[], Failure[]] = [[], []];
  const listing = dead.length === 0 ? undefined : await listSnapshots(place.store, place.writers);
  if (listing === undefined) return { sessions, problems };
  for (const one of dead) {
    try {
      if (await putVoid(place, one.session.snapshot, listing, now)) sessions.push(one);
    } catch (error) {
      place.signal.throwIfAborted();
      problems.push(notFenced(one, failureOf(error, { code: 'TARGET_IO', origin: 'target' })));
    }
  }
  return { sessions, problems };
}

function notFenced({ session: { snapshot } }: StoredSession, why: Failure): Failure {
  return {
    ...why,
    code: 'RUN_NOT_FENCED',
    message: `the run that was to end with ${snapshot} keeps what is marked waiting: no void could be put there: ${why.message}`,
  };
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
  for (const { name, target } of targets) {
    try {
      await target.put(key, bytes, { sha256: hash });
    } catch (error) {
      const failure = onTarget(name, error);
      if (failure.code === 'TARGET_CONFLICT') return false;
      fail(failure, error);
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
