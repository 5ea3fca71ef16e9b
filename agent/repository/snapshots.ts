import { type Failure, fail, failureOf } from '../contract/index.ts';
import { parseMoment } from '../contract/moment.ts';
import { parseSnapshotKey, SNAPSHOTS_PREFIX, snapshotKey } from './layout.ts';
import { Removals } from './removals.ts';
import { decodeSnapshot, type OpenedSnapshot } from './snapshot.ts';
import type { Store } from './store.ts';
import { findVoid, refuseVoid, type StoredVoid, type UnbelievedVoid, unbelievedVoid } from './voids.ts';
import type { Writers } from './writers.ts';

export interface StoredSnapshot {
  readonly key: string;
  /** What people call it: the first 8 hex digits of the object's SHA-256. */
  readonly id: string;
  readonly opened: OpenedSnapshot;
  /** Names of targets that do not have it while others do, where somebody looked. */
  readonly lacking?: readonly string[];
  /** Names of targets on which it is wanted no more, while it is on others. */
  readonly forgottenOn?: readonly string[];
}

/** One that is wanted on no target any more that still has it. */
export interface ForgottenSnapshot extends StoredSnapshot {
  /** Since when on each target that has it, by its name. ISO 8601. */
  readonly forgotten: Readonly<Record<string, string>>;
}

/** A snapshot object of a writer that nobody approved: to be shown, never to be used. */
export interface UnapprovedSnapshot {
  readonly key: string;
  readonly writer: string;
  /** What it says of itself; absent when it does not even hold together. */
  readonly snapshot?: StoredSnapshot;
}

export interface SnapshotListing {
  /**
   * Those of trusted writers. Oldest first: by time of start, except that within a writer's job the order of their numbers holds.
   */
  readonly snapshots: readonly StoredSnapshot[];
  /** In the same order. They can be brought back until they are pruned. */
  readonly forgotten: readonly ForgottenSnapshot[];
  /** What was said to be wanted no more, whether it is still there or not. */
  readonly removals: Removals;
  readonly unapproved: readonly UnapprovedSnapshot[];
  /** Of trusted writers, where a run has begun and will never end. */
  readonly voids: readonly StoredVoid[];
  /** Of others: they say nothing. */
  readonly unbelieved: readonly UnbelievedVoid[];
  /** Keys of snapshots in whose place another target has a void, where the snapshot after it follows something else: that void. */
  readonly overtaken: ReadonlySet<string>;
  /** Snapshot objects of trusted writers that are there and cannot be read. */
  readonly damaged: readonly { readonly key: string; readonly failure: Failure }[];
}

/**
 * Every snapshot of the repository whose signature holds; headers only are looked at, which needs no key. Whoever may add objects
 * could add writers: what is not of a trusted one is kept apart, whatever its state.
 */
export async function listSnapshots(
  store: Store,
  writers: Writers,
  prefix = SNAPSHOTS_PREFIX,
): Promise<SnapshotListing> {
  const removals = await Removals.load(store, writers);
  const snapshots: StoredSnapshot[] = [];
  const forgotten: ForgottenSnapshot[] = [];
  const damaged: { key: string; failure: Failure }[] = [...removals.problems].map(({ object: key, failure }) => ({
    key,
    failure,
  }));
  const unapproved: UnapprovedSnapshot[] = [];
  const voids: StoredVoid[] = [];
  const unbelieved: UnbelievedVoid[] = [];
  const lists = await store.list(prefix);
  for (const key of [...new Set(lists.flatMap((listed) => [...listed.keys()]))].sort()) {
    const writer = parseSnapshotKey(key)?.writer;
    if (writer !== undefined && !writers.trusts(writer)) {
      unapproved.push(await readUnapproved(store, writers, key, writer));
      continue;
    }
    try {
      const { bytes: _, ...snapshot } = await readSnapshot(store, writers, key);
      const places = store.targets.map(({ name }, i) => {
        const removed = removals.find(name, key, snapshot.opened.hash);
        return { name, there: lists[i]?.has(key) === true, removed };
      });
      const lacking = places.flatMap(({ name, there, removed }) => (there || removed ? [] : [name]));
      const since = places.flatMap(({ name, there, removed }) => (there && removed ? [[name, removed.since]] : []));
      if (places.some(({ there, removed }) => there && removed === undefined))
        snapshots.push({ ...snapshot, ...named({ lacking, forgottenOn: placesWithout(places) }) });
      else forgotten.push({ ...snapshot, forgotten: Object.fromEntries(since) });
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      if (failure.origin === 'target' && failure.code !== 'OBJECT_MISSING') throw error;
      const found = failure.code === 'SNAPSHOT_VOID' ? await findVoid(store, writers, key) : undefined;
      if (found !== undefined) voids.push(found);
      else if (failure.code === 'WRITER_UNAPPROVED') unbelieved.push(await unbelievedVoid(store, key));
      else damaged.push({ key, failure });
    }
  }
  const overtaken = await findOvertaken(store, writers, [...snapshots, ...forgotten]);
  const read = { snapshots: inOrder(snapshots), forgotten: inOrder(forgotten) };
  return { ...read, removals, unapproved, voids, unbelieved, overtaken, damaged };
}

async function findOvertaken(store: Store, writers: Writers, read: readonly StoredSnapshot[]): Promise<Set<string>> {
  const overtaken = new Set<string>();
  if (store.targets.length < 2) return overtaken;
  const hashes = new Map(read.map(({ key, opened: { hash } }) => [key, hash]));
  for (const { opened } of read) {
    const { writer, job, sequence, previous } = opened.header;
    const before = sequence === 1 ? undefined : snapshotKey(writer, job, sequence - 1);
    const hash = before && hashes.get(before);
    if (before === undefined || hash === undefined || hash === previous) continue;
    if ((await findVoid(store, writers, before)) !== undefined) overtaken.add(before);
  }
  return overtaken;
}

function placesWithout(places: readonly { readonly name: string; readonly removed: unknown }[]): string[] {
  return places.flatMap(({ name, removed }) => (removed === undefined ? [] : [name]));
}

/** Those of the lists that name anything. */
function named(lists: Readonly<Record<'lacking' | 'forgottenOn', readonly string[]>>) {
  return Object.fromEntries(Object.entries(lists).filter(([, names]) => names.length > 0));
}

async function readUnapproved(
  store: Store,
  writers: Writers,
  key: string,
  writer: string,
): Promise<UnapprovedSnapshot> {
  try {
    return { key, writer, snapshot: await readSnapshot(store, writers, key) };
  } catch (error) {
    const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
    if (failure.origin === 'target' && failure.code !== 'OBJECT_MISSING') throw error;
    return { key, writer };
  }
}

/**
 * A clock that was wrong for one run must not make its snapshot the latest for years: one that claims to be younger than a later
 * one of its chain counts as just as old.
 */
function inOrder<T extends StoredSnapshot>(snapshots: readonly T[]): T[] {
  const times = new Map<string, string>();
  const placed = snapshots
    .toSorted((a, b) => b.opened.header.sequence - a.opened.header.sequence)
    .map((snapshot) => {
      const { writer, job, started } = snapshot.opened.header;
      const later = times.get(`${writer}/${job}`);
      const time = later === undefined || started < later ? started : later;
      times.set(`${writer}/${job}`, time);
      return { snapshot, time };
    });
  // Keys of one chain are in the order of its numbers.
  placed.sort((a, b) => compareText(a.time, b.time) || compareText(a.snapshot.key, b.snapshot.key));
  return placed.map(({ snapshot }) => snapshot);
}

/** `SNAPSHOT_VOID` where no target has it, and one has a void in its place. */
export async function readSnapshot(
  store: Store,
  writers: Writers,
  key: string,
): Promise<StoredSnapshot & { readonly bytes: Uint8Array }> {
  const { publicKeyOf, repository } = writers;
  return store.read(key, undefined, (bytes) => {
    refuseVoid(bytes, writers, key);
    const opened = decodeSnapshot(bytes, { key, publicKeyOf, repository });
    return { key, id: opened.hash.slice(0, 8), opened, bytes };
  });
}

/**
 * The snapshot of a source that `wanted` names: `latest`, an id or its beginning, or a time (the newest that was finished by
 * then). `SNAPSHOT_UNKNOWN` with what there is, when there is none; `WRITER_UNAPPROVED` when there is one of a writer only
 * that nobody approved.
 *
 * Several hosts may have a source of that name. `writer` is this host's own: its snapshots go first. Where it has none and
 * several others do, one of them has to be named (`SNAPSHOT_AMBIGUOUS`).
 */
export function chooseSnapshot(
  { snapshots, unapproved }: Pick<SnapshotListing, 'snapshots' | 'unapproved'>,
  writers: Writers,
  source: string,
  wanted: string,
  writer?: string,
): StoredSnapshot {
  const own = snapshots.filter(({ opened }) => opened.header.source === source);
  const found = byId(own, wanted) ?? newestBy(own, source, wanted, writer);
  if (found !== undefined) return found;
  const others = unapproved.flatMap(({ snapshot }) => (snapshot?.opened.header.source === source ? [snapshot] : []));
  const untrusted = byId(others, wanted) ?? (own.length === 0 ? others.at(-1) : undefined);
  if (untrusted !== undefined) {
    return fail(writers.unapproved(untrusted.opened.header.writer, `snapshot ${untrusted.id} of ${source}`));
  }
  if (own.length === 0) return failUnknownSource(snapshots, source);
  return fail({
    code: 'SNAPSHOT_UNKNOWN',
    message: `${source} has no snapshot ${wanted}`,
    origin: 'policy',
    permanent: true,
    hint: `it is named by its id, or by a time such as "2026-11-20 14:00"; see \`holdfast snapshots ${source}\`; the newest is ${own.at(-1)?.id}`,
  });
}

/** What of a listing one writer made. */
export function ofWriter(
  { snapshots, forgotten, removals, unapproved, voids, unbelieved, overtaken, damaged }: SnapshotListing,
  writer: string,
): SnapshotListing {
  return {
    removals,
    forgotten: forgotten.filter(({ opened }) => opened.header.writer === writer),
    snapshots: snapshots.filter(({ opened }) => opened.header.writer === writer),
    unapproved: unapproved.filter((one) => one.writer === writer),
    overtaken,
    unbelieved: unbelieved.filter(({ key }) => parseSnapshotKey(key)?.writer === writer),
    voids: voids.filter(({ key }) => parseSnapshotKey(key)?.writer === writer),
    damaged: damaged.filter(({ key }) => parseSnapshotKey(key)?.writer === writer),
  };
}

/** One failure for each writer that nobody approved and that has snapshots, of `source` when it is given, or of nobody knows which. */
export function unapprovedWriters(
  { unapproved }: Pick<SnapshotListing, 'unapproved'>,
  writers: Writers,
  source?: string,
): Failure[] {
  const wanted = unapproved.filter(
    ({ snapshot }) => source === undefined || snapshot === undefined || snapshot.opened.header.source === source,
  );
  return [...Map.groupBy(wanted, ({ writer }) => writer)].map(([writer, { length }]) =>
    writers.unapproved(writer, length === 1 ? 'a snapshot' : `what ${length} snapshots hold`),
  );
}

/** `SNAPSHOT_UNKNOWN`, with the sources that there are snapshots of. */
export function failUnknownSource(snapshots: readonly StoredSnapshot[], source: string): never {
  const sources = [...new Set(snapshots.map(({ opened }) => opened.header.source))];
  return fail({
    code: 'SNAPSHOT_UNKNOWN',
    message: `there is no snapshot of ${source}`,
    origin: 'policy',
    permanent: true,
    hint: sources.length === 0 ? 'run `holdfast run` first' : `there are snapshots of: ${sources.join(', ')}`,
  });
}

function newestBy(
  snapshots: readonly StoredSnapshot[],
  source: string,
  wanted: string,
  writer: string | undefined,
): StoredSnapshot | undefined {
  const mine = snapshots.filter(({ opened }) => opened.header.writer === writer);
  const candidates = mine.length > 0 ? mine : snapshots;
  const found = wanted === 'latest' ? candidates.at(-1) : byTime(candidates, wanted);
  const last = new Map(candidates.map((snapshot) => [snapshot.opened.header.writer, snapshot]));
  if (found !== undefined && last.size > 1) {
    const each = [...last.values()].map(({ id, opened }) => `${id} of ${opened.header.host}`);
    fail({
      code: 'SNAPSHOT_AMBIGUOUS',
      message: `${last.size} writers have snapshots of a source ${source}, and none of them is this host`,
      origin: 'policy',
      permanent: true,
      hint: `name the writer (--writer), or a snapshot by its id; the newest of each: ${each.join(', ')}`,
    });
  }
  return found;
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

/** The last that had ended by then: by the end of that second, where none of its parts are said, since so they are listed. */
function byTime(snapshots: readonly StoredSnapshot[], wanted: string): StoredSnapshot | undefined {
  const time = parseMoment(wanted);
  if (time === undefined) return undefined;
  const end = time % 1000 === 0 ? time + 999 : time;
  return snapshots.findLast(({ opened }) => Date.parse(opened.header.finished) <= end);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
