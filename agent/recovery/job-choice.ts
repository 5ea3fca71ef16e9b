import { type Failure, fail, type Json } from '../contract/index.ts';
import { chooseSnapshot, type SnapshotListing, type StoredSnapshot } from '../repository/snapshots.ts';
import type { Writers } from '../repository/writers.ts';

/** Which of the jobs that back a source up is meant, as far as the policy says what each of them takes. */
export interface JobChoice {
  /** The job that was named. */
  readonly job?: string;
  /** Every job of the source, with what it selects; null for one that takes all of it. */
  readonly jobs: Readonly<Record<string, Json>>;
}

/** What `chooseSnapshot` is asked, and of which jobs. */
export interface SnapshotQuestion {
  readonly source: string;
  /** `latest`, an id or its beginning, or a time. */
  readonly wanted: string;
  /** Whose snapshots go first. */
  readonly writer: string | undefined;
  readonly choice: JobChoice;
}

/**
 * The snapshot that is meant. Critical tables every quarter of an hour beside all of them every night: who restores the source means all
 * of it, and must not be given five tables because they are younger. So the newest, also of a time, is of a job that takes all of the
 * source where there is one; where jobs take nothing but different parts, one has to be named (`SNAPSHOT_AMBIGUOUS`). What is named by its
 * id is meant; a job that is named is the only one. Else it fails as `chooseSnapshot` does.
 */
export function chooseOfJobs(
  listing: Pick<SnapshotListing, 'snapshots' | 'unapproved'>,
  writers: Writers,
  { source, wanted, writer, choice }: SnapshotQuestion,
): StoredSnapshot {
  const own = listing.snapshots.filter(({ opened }) => opened.header.source === source);
  const isNamed =
    choice.job === undefined && own.some(({ opened }) => wanted.length >= 4 && opened.hash.startsWith(wanted));
  // Another host's whole is not meant where this one has a part of its own.
  const mine = own.filter(({ opened }) => opened.header.writer === writer);
  const snapshots = isNamed ? own : ofJobs(mine.length > 0 ? mine : own, source, choice);
  // Without any it knows what to say.
  return chooseSnapshot(snapshots.length === 0 ? listing : { ...listing, snapshots }, writers, source, wanted, writer);
}

function ofJobs(own: readonly StoredSnapshot[], source: string, choice: JobChoice): readonly StoredSnapshot[] {
  if (choice.job !== undefined) return ofJob(own, source, choice.job);
  // One job, or all alike: whatever they take is what is meant.
  if (new Set(Object.values(choice.jobs).map((select) => JSON.stringify(select))).size <= 1) return own;
  const parts = new Set(partsOf(choice));
  const whole = own.filter(({ opened }) => !parts.has(opened.header.job));
  if (whole.length > 0 || own.length === 0) return whole;
  const takers = [...new Set(own.map(({ opened }) => opened.header.job))];
  return fail({
    code: 'SNAPSHOT_AMBIGUOUS',
    message: `there is no snapshot of all of ${source}: what ${takers.join(' and ')} took is a part of it`,
    origin: 'policy',
    permanent: true,
    hint: `name the job (--job ${takers[0]}), or a snapshot by its id; the newest of each job: ${newestOfEach(own)}`,
  });
}

/** `SNAPSHOT_PART_NEWER` where a job that takes a part stored it after `chosen`, which is of all of the source. */
export function newerParts(
  { snapshots }: Pick<SnapshotListing, 'snapshots'>,
  chosen: StoredSnapshot,
  choice: JobChoice,
): readonly Failure[] {
  const { source, writer } = chosen.opened.header;
  const parts = new Set(partsOf(choice));
  if (choice.job !== undefined || parts.has(chosen.opened.header.job)) return [];
  const later = snapshots.slice(snapshots.indexOf(chosen) + 1).filter(({ opened: { header } }) => {
    return header.source === source && header.writer === writer && parts.has(header.job);
  });
  return [...new Map(later.map((one) => [one.opened.header.job, one])).values()].map(({ id, opened: { header } }) => ({
    code: 'SNAPSHOT_PART_NEWER',
    message: `the job ${header.job} took a part of ${source} later: ${id} of ${header.finished}`,
    origin: 'policy',
    permanent: true,
    hint: `--job ${header.job} takes that`,
  }));
}

/** Jobs that take less than another job of the source does, or another part. */
function partsOf({ jobs }: JobChoice): readonly string[] {
  return Object.entries(jobs).flatMap(([name, select]) => (select === null ? [] : [name]));
}

function ofJob(own: readonly StoredSnapshot[], source: string, job: string): readonly StoredSnapshot[] {
  const found = own.filter(({ opened }) => opened.header.job === job);
  if (found.length > 0 || own.length === 0) return found;
  return fail({
    code: 'SNAPSHOT_UNKNOWN',
    message: `${source} has no snapshot of a job ${job}`,
    origin: 'policy',
    permanent: true,
    hint: `the newest of each job: ${newestOfEach(own)}`,
  });
}

function newestOfEach(own: readonly StoredSnapshot[]): string {
  const last = new Map(own.map(({ id, opened }) => [opened.header.job, id]));
  return [...last].map(([job, id]) => `${id} of ${job}`).join(', ');
}
