import type { Failure } from '../contract/index.ts';
import { parseSnapshotKey } from './layout.ts';
import type { SnapshotListing, StoredSnapshot } from './snapshots.ts';
import type { ObjectProblem } from './store.ts';

/** The snapshot of a job that this host stored last, as it remembers it beside the repository. */
export interface StoredLast {
  readonly job: string;
  readonly source: string;
  readonly key: string;
  /** SHA-256, hex. */
  readonly hash: string;
}

/** What was stored last and is not there now, or not the same. What is damaged is said anyway. */
export function vanishedSnapshots(
  stored: readonly StoredLast[],
  writer: string | undefined,
  { snapshots, damaged }: SnapshotListing,
): (ObjectProblem & { readonly hash: string })[] {
  const hashes = new Map(snapshots.map(({ key, opened: { hash } }) => [key, hash]));
  const known = new Set(damaged.map(({ key }) => key));
  return stored.flatMap((last) => {
    if (parseSnapshotKey(last.key)?.writer !== writer || known.has(last.key)) return [];
    const hash = hashes.get(last.key);
    if (hash === last.hash) return [];
    return { object: last.key, hash: last.hash, failure: hash === undefined ? gone(last) : replaced(last, hash) };
  });
}

/** Why a snapshot is not what was stored: it is not among the keys that are `there`, or another is the last. */
export function whyNotStored(
  stored: StoredLast,
  there: ReadonlySet<string>,
  last: StoredSnapshot | undefined,
): Failure | undefined {
  if (!there.has(stored.key)) return gone(stored);
  const replacing = last?.key === stored.key && last.opened.hash !== stored.hash;
  return replacing ? replaced(stored, last.opened.hash) : undefined;
}

function gone({ key, hash, job }: StoredLast): Failure {
  return {
    code: 'SNAPSHOT_VANISHED',
    message: `${key} is gone: snapshot ${hash.slice(0, 8)}, which this host stored last of ${job}`,
    origin: 'repository',
    permanent: true,
    hint: 'was the target brought back from an older copy, or another one put in its place? Whatever else it lost, the next run stores anew',
  };
}

function replaced({ key, hash, job }: StoredLast, found: string): Failure {
  return {
    code: 'SNAPSHOT_REPLACED',
    message: `${key} is snapshot ${found.slice(0, 8)}, not ${hash.slice(0, 8)}, which this host stored there last of ${job}`,
    origin: 'repository',
    permanent: true,
    hint: 'does another machine run with a copy of the state folder of this one? Give it one of its own: `holdfast init`',
  };
}
