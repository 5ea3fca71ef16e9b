import { createHash } from 'node:crypto';
import { type Failure, fail, failureOf } from '../contract/index.ts';
import { parseSnapshotKey, SNAPSHOTS_PREFIX, snapshotPrefix } from './layout.ts';
import { decodeSnapshot, type OpenedSnapshot } from './snapshot.ts';
import type { Store } from './store.ts';
import type { Writers } from './writers.ts';

export interface StoredSnapshot {
  readonly key: string;
  /** What people call it: the first 8 hex digits of the object's SHA-256. */
  readonly id: string;
  readonly opened: OpenedSnapshot;
}

export interface SnapshotListing {
  /** By time of start, oldest first. */
  readonly snapshots: readonly StoredSnapshot[];
  /** Snapshot objects that are there and cannot be trusted or read. */
  readonly damaged: readonly { readonly key: string; readonly failure: Failure }[];
}

/** Every snapshot of the repository whose signature holds; headers only are looked at, which needs no key. */
export async function listSnapshots(
  store: Store,
  writers: Writers,
  prefix = SNAPSHOTS_PREFIX,
): Promise<SnapshotListing> {
  const snapshots: StoredSnapshot[] = [];
  const damaged: { key: string; failure: Failure }[] = [];
  for (const key of await store.keys(prefix)) {
    try {
      snapshots.push(await readSnapshot(store, writers, key));
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      if (failure.origin === 'target' && failure.code !== 'OBJECT_MISSING') throw error;
      damaged.push({ key, failure });
    }
  }
  snapshots.sort((a, b) => compareText(a.opened.header.started, b.opened.header.started) || compareText(a.key, b.key));
  return { snapshots, damaged };
}

export async function readSnapshot(store: Store, writers: Writers, key: string): Promise<StoredSnapshot> {
  const decodeIt = (bytes: Uint8Array) => decodeSnapshot(bytes, { key, publicKeyOf: writers.publicKeyOf });
  const opened = decodeIt(await store.get(key, undefined, (bytes) => void decodeIt(bytes)));
  return { key, id: opened.hash.slice(0, 8), opened };
}

/** Where the next snapshot of a job goes, and what it follows. */
export interface Succession {
  readonly sequence: number;
  /** SHA-256 of the last snapshot object as it lies there, hex; empty for the first. */
  readonly previous: string;
  readonly last: StoredSnapshot | undefined;
}

/** Reads only the last snapshot of the job. One that is damaged still counts: its number is not used again. */
export async function successionOf(store: Store, writers: Writers, writer: string, job: string): Promise<Succession> {
  const keys = await store.keys(snapshotPrefix(writer, job));
  const key = keys.at(-1);
  if (key === undefined) return { sequence: 1, previous: '', last: undefined };
  const sequence = (parseSnapshotKey(key)?.sequence ?? keys.length) + 1;
  try {
    const last = await readSnapshot(store, writers, key);
    return { sequence, previous: last.opened.hash, last };
  } catch (error) {
    if (failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' }).origin === 'target') throw error;
    const bytes = await store.get(key);
    return { sequence, previous: createHash('sha256').update(bytes).digest('hex'), last: undefined };
  }
}

/**
 * The snapshot of a source that `wanted` names: `latest`, an id or its beginning, or a time (the newest that was finished by
 * then). `SNAPSHOT_UNKNOWN` with what there is, when there is none.
 */
export function chooseSnapshot(snapshots: readonly StoredSnapshot[], source: string, wanted: string): StoredSnapshot {
  const own = snapshots.filter(({ opened }) => opened.header.source === source);
  const found = wanted === 'latest' ? own.at(-1) : (byId(own, wanted) ?? byTime(own, wanted));
  if (found !== undefined) return found;
  const sources = [...new Set(snapshots.map(({ opened }) => opened.header.source))];
  return fail({
    code: 'SNAPSHOT_UNKNOWN',
    message: own.length === 0 ? `there is no snapshot of ${source}` : `${source} has no snapshot ${wanted}`,
    origin: 'policy',
    permanent: true,
    hint:
      own.length === 0
        ? hintOfSources(sources)
        : `see \`holdfast snapshots ${source}\`; the newest is ${own.at(-1)?.id}`,
  });
}

function byId(snapshots: readonly StoredSnapshot[], wanted: string): StoredSnapshot | undefined {
  if (!/^[0-9a-f]{4,64}$/.test(wanted)) return undefined;
  const matching = snapshots.filter(({ opened }) => opened.hash.startsWith(wanted));
  if (matching.length > 1) {
    fail({
      code: 'SNAPSHOT_AMBIGUOUS',
      message: `${wanted} is the beginning of ${matching.length} snapshots`,
      origin: 'policy',
      permanent: true,
      hint: `give more digits: ${matching.map(({ opened }) => opened.hash.slice(0, 12)).join(', ')}`,
    });
  }
  return matching[0];
}

function byTime(snapshots: readonly StoredSnapshot[], wanted: string): StoredSnapshot | undefined {
  const time = Date.parse(wanted);
  if (Number.isNaN(time)) return undefined;
  return snapshots.findLast(({ opened }) => Date.parse(opened.header.finished) <= time);
}

function hintOfSources(sources: readonly string[]): string {
  return sources.length === 0 ? 'run `holdfast run` first' : `there are snapshots of: ${sources.join(', ')}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
