import { createHash } from 'node:crypto';
import { type Failure, fail, failureOf } from '../contract/index.ts';
import { LAST_SEQUENCE, parseSnapshotKey, snapshotPrefix } from './layout.ts';
import { readSnapshot, type StoredSnapshot } from './snapshots.ts';
import type { NamedTarget, Store } from './store.ts';
import { type StoredLast, whyNotStored } from './stored-last.ts';
import type { Writers } from './writers.ts';

/** Where the next snapshot of a job goes, and what it follows. */
export interface Succession {
  readonly sequence: number;
  /** SHA-256 of the one before it as it lies there, or as it was stored when it is gone, hex; empty for the first. */
  readonly previous: string;
  /** The last that this writer signed and that can be read. */
  readonly last: (StoredSnapshot & { readonly bytes: Uint8Array }) | undefined;
  /** Targets that do not have the last one, which others have. */
  readonly lacking: readonly NamedTarget[];
  /** Whether some snapshot of the job is on one target and not on another. */
  readonly uneven: boolean;
  /** What lies there with a higher number and is no snapshot of this writer; what this host stored last and is there no more. */
  readonly problems: readonly Failure[];
}

/**
 * Reads from the last snapshot of the job backwards until one is this writer's. The next has the first number after that which
 * nothing has: a damaged one still counts, and an object with the highest of all numbers, which anybody may have put there, does
 * not keep this writer from counting on. One that was `stored` and is gone counts too: the next follows it all the same, so that
 * the hole stays to be seen. `SEQUENCE_ENDED` when the writer counted to the end itself.
 */
export async function successionOf(
  store: Store,
  writers: Writers,
  o: { readonly writer: string; readonly job: string; readonly stored?: StoredLast | undefined },
): Promise<Succession> {
  const lists = await store.list(snapshotPrefix(o.writer, o.job));
  const taken = new Map<number, string>();
  for (const key of lists.flatMap((listed) => [...listed.keys()])) {
    const name = parseSnapshotKey(key);
    if (name !== undefined) taken.set(name.sequence, key);
  }
  const { last, problems, voids } = await readLast(store, writers, taken);
  const known = o.stored && parseSnapshotKey(o.stored.key);
  // Of other keys of this host, for another repository, nothing follows.
  const stored = known?.writer === o.writer ? o.stored : undefined;
  const missed = stored && whyNotStored(stored, new Set([...taken.values()].filter((key) => !voids.has(key))), last);
  if (missed !== undefined) problems.push(missed);
  const own = Math.max(last?.opened.header.sequence ?? 0, stored === undefined ? 0 : (known?.sequence ?? 0));
  let sequence = own + 1;
  while (taken.has(sequence)) sequence++;
  if (sequence > LAST_SEQUENCE) sequenceEnded(o.job, last);
  const lacking = last === undefined ? [] : store.targets.filter((_, i) => !lists[i]?.has(last.key));
  const uneven = lists.some((listed) => [...taken.values()].some((key) => !listed.has(key)));
  const before = taken.get(sequence - 1);
  // Where nothing lies, it is the first, or follows what is gone.
  if (before === undefined)
    return { sequence, previous: own === 0 ? '' : (stored?.hash ?? ''), last, lacking, uneven, problems };
  const previous = before === last?.key ? last.opened.hash : sha256(await store.get(before));
  return { sequence, previous, last, lacking, uneven, problems };
}

/** The last by its number that can be read, why those after it cannot, and in whose place there is a void. */
async function readLast(store: Store, writers: Writers, taken: ReadonlyMap<number, string>) {
  const problems: Failure[] = [];
  const voids = new Set<string>();
  for (const [, key] of [...taken].sort(([a], [b]) => b - a)) {
    try {
      return { last: await readSnapshot(store, writers, key), problems, voids };
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      if (failure.origin === 'target') throw error;
      problems.push(failure);
      if (failure.code === 'SNAPSHOT_VOID' || failure.code === 'WRITER_UNAPPROVED') voids.add(key);
    }
  }
  return { last: undefined, problems, voids };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function sequenceEnded(job: string, last: StoredSnapshot | undefined): never {
  fail({
    code: 'SEQUENCE_ENDED',
    message: `snapshot ${last?.id} of job ${job} has the last number that a snapshot can have`,
    origin: 'repository',
    permanent: true,
    hint: 'no host gets there by itself: find out who else signs with the keys of this one; a job of another name begins anew',
  });
}
