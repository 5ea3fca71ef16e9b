import { type Failure, failureOf } from '../contract/index.ts';
import { untilAborted } from '../engine/cancellation.ts';
import type { Loan } from '../engine/opening.ts';
import { openReading, type ReadingSpec, type RepositoryReading } from '../engine/repository-reading.ts';
import { listSnapshots, type SnapshotListing } from '../repository/snapshots.ts';
import { type StoredLast, vanishedSnapshots } from '../repository/stored-last.ts';

/** What is read need not wait long for what is not: another target may be the one that hangs. */
const LOOK_MS = 10_000;

export interface ElsewhereQuestion {
  /** What is read; without `others`, nothing is elsewhere. */
  readonly reading: ReadingSpec;
  readonly repository: RepositoryReading;
  /** All that what is read has. */
  readonly listing: SnapshotListing;
  /** What this host stored last of each job. */
  readonly stored: readonly StoredLast[];
  /** Only of this source; absent: of all. */
  readonly source?: string | undefined;
  /** Only of this writer; absent: of all. */
  readonly writer?: string | undefined;
}

/**
 * Where one target was chosen to be read: `SNAPSHOT_ELSEWHERE` for each source whose newest snapshot it has not, as far as this host
 * remembers what it stored, or as another target of the policy shows that answers. Never fails, since what is read can be read.
 */
export async function newerElsewhere(q: ElsewhereQuestion, loan: Loan): Promise<readonly Failure[]> {
  const { others = [], targets } = q.reading;
  const [target] = targets;
  if (target === undefined || others.length === 0) return [];
  const own = q.repository.host?.writer;
  const ours = q.writer === undefined || q.writer === own;
  const stored = ours ? q.stored.filter(({ source }) => q.source === undefined || source === q.source) : [];
  const remembered = vanishedSnapshots(stored, own, q.listing)
    .filter(({ failure }) => failure.code === 'SNAPSHOT_VANISHED')
    .map(({ object, hash }) => elsewhere(`${hash.slice(0, 8)} (${object}), which this host stored last`, target.name));
  // Who made the source's last snapshot knows it without asking anybody.
  if (remembered.length > 0 || (q.source !== undefined && own !== undefined && stored.length > 0)) return remembered;
  try {
    return await seenElsewhere(q, target.name, loan);
  } catch (error) {
    const { message } = failureOf(error, { code: 'TARGET_UNAVAILABLE', origin: 'target' });
    loan.engine.log.debug(`whether another target has newer snapshots is not known: ${message}`);
    return [];
  }
}

async function seenElsewhere(q: ElsewhereQuestion, target: string, loan: Loan): Promise<Failure[]> {
  const signal = AbortSignal.any([loan.signal, AbortSignal.timeout(LOOK_MS)]);
  // Of a mount whose server is gone nothing comes back, signal or not.
  return untilAborted(look(q, target, { ...loan, signal }), signal);
}

async function look(q: ElsewhereQuestion, target: string, loan: Loan): Promise<Failure[]> {
  const reading = { targets: q.reading.others ?? [], recipients: q.reading.recipients };
  await using other = await openReading(reading, loan);
  if (other.id !== q.repository.id) return [];
  const { snapshots } = await listSnapshots(other.store, other.writers);
  const here = new Set([...q.listing.snapshots, ...q.listing.forgotten, ...q.listing.damaged].map(({ key }) => key));
  const newest = new Map(snapshots.map((one) => [`${one.opened.header.writer}/${one.opened.header.source}`, one]));
  return [...newest.values()].flatMap(({ key, id, opened, lacking = [] }) => {
    const { source, writer } = opened.header;
    const wanted = (q.source ?? source) === source && (q.writer ?? writer) === writer;
    if (here.has(key) || !wanted) return [];
    const on = other.store.targets.map(({ name }) => name).filter((name) => !lacking.includes(name));
    return [elsewhere(`${id} of ${source}, which is on target ${on.join(', ')}`, target)];
  });
}

function elsewhere(snapshot: string, target: string): Failure {
  return {
    code: 'SNAPSHOT_ELSEWHERE',
    message: `target ${target} lacks snapshot ${snapshot}: what is read from ${target} is older`,
    origin: 'repository',
    permanent: false,
    hint: 'without --target, the newest is read; the next run of its job brings it there',
  };
}
