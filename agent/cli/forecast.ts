import { existsSync } from 'node:fs';
import type { RunRecord } from '../catalog/run-history.ts';
import type { Job, Policy } from '../config/policy.ts';
import type { PluginRegistry } from '../config/registry.ts';
import { nextStarts } from '../config/schedule-times.ts';
import { type Failure, failureOf, type Json } from '../contract/index.ts';
import type { RepositoryReading } from '../engine/repository-reading.ts';
import { listSnapshots, type StoredSnapshot } from '../repository/snapshots.ts';
import type { UnclearId } from '../retention/stored-holds.ts';
import { openEngine } from './engine.ts';
import type { Invocation } from './invocation.ts';
import { openRepository, readingOf } from './open-repository.ts';
import { type Retained, RetentionForecast } from './retention-forecast.ts';

/** What is expected of the next run of a job, from its runs on this host. Bytes and milliseconds. */
export interface Estimate {
  readonly readBytes: number;
  readonly storedBytes: number;
  readonly durationMs: number;
  /** How many runs it is made of. */
  readonly runs: number;
}

export interface Forecast {
  readonly next: readonly Date[];
  readonly last?: RunRecord;
  /** Absent: it has never ended well here. */
  readonly estimate?: Estimate;
  /** Targets that do not have the newest snapshot of this job, which others have. */
  readonly lacking?: readonly string[];
  /** Targets of this job that cannot be had, while others can. */
  readonly unavailable?: RepositoryReading['unavailable'];
  /** What the job's class would keep and forget of what is stored; a failure when that cannot be known. */
  readonly retention?: readonly Retained[] | { readonly failure: Failure };
}

export interface Forecasts {
  /** By the names of the jobs. */
  readonly jobs: ReadonlyMap<string, Forecast>;
  /** Ids in holds that are not those of one stored snapshot. Absent: nobody looked. */
  readonly unclear?: readonly UnclearId[];
}

const STARTS = 3;
/** Runs that an estimate is made of. */
const RECENT = 5;

/** What would happen to each job. Reads the catalog and the repository's headers, when they are there, and changes nothing. */
export async function forecast(
  invocation: Invocation,
  policy: Policy,
  jobs: readonly Job[],
  options: { readonly plugins: PluginRegistry; readonly offline: boolean },
): Promise<Forecasts> {
  const now = invocation.now();
  const next = (job: Job) => (job.schedule === undefined ? [] : nextStarts(job.schedule, now, STARTS));
  // A host that never ran has nothing to tell, and a plan makes nothing.
  if (!existsSync(invocation.stateFolder)) return { jobs: new Map(jobs.map((job) => [job.name, { next: next(job) }])) };
  await using engine = await openEngine(invocation, options.plugins);
  const stored = options.offline ? undefined : await storedSnapshots(engine, policy, invocation.signal);
  const looked = stored === undefined || 'failure' in stored ? undefined : stored;
  const retained = looked && new RetentionForecast(policy, looked.snapshots, now);
  const forecasts = new Map(
    jobs.map((job): [string, Forecast] => {
      const runs = engine.catalog.runs.list(job.name, RECENT + 1);
      const estimate = estimateOf(runs);
      const [last] = runs;
      const lacking = looked && lackingOf(job, policy, looked.snapshots);
      const unavailable = looked?.unavailable.filter(({ target }) => job.targets.some(({ name }) => name === target));
      const retention = stored !== undefined && 'failure' in stored ? stored : retained?.of(job);
      return [
        job.name,
        {
          next: next(job),
          ...(last && { last }),
          ...(lacking && { lacking }),
          ...(unavailable && { unavailable }),
          ...(estimate && { estimate }),
          ...(retention && { retention }),
        },
      ];
    }),
  );
  return { jobs: forecasts, ...(retained && { unclear: retained.unclear }) };
}

type Stored =
  | { readonly snapshots: readonly StoredSnapshot[]; readonly unavailable: RepositoryReading['unavailable'] }
  | { readonly failure: Failure };

async function storedSnapshots(
  engine: Awaited<ReturnType<typeof openEngine>>,
  policy: Policy,
  signal: AbortSignal,
): Promise<Stored> {
  try {
    await using repository = await openRepository(engine, readingOf(policy), signal);
    const { snapshots } = await listSnapshots(repository.store, repository.writers);
    return { snapshots, unavailable: repository.unavailable };
  } catch (error) {
    return { failure: failureOf(error, { code: 'TARGET_UNAVAILABLE', origin: 'target' }) };
  }
}

function lackingOf(job: Job, policy: Policy, stored: readonly StoredSnapshot[]): readonly string[] | undefined {
  const newest = stored.findLast(({ opened: { header } }) => header.job === job.name && header.host === policy.host);
  return newest?.lacking;
}

function estimateOf(runs: readonly RunRecord[]): Estimate | undefined {
  const good = runs.filter(({ state, finished }) => (state === 'ok' || state === 'incomplete') && finished);
  // The first run stores everything, and says nothing of the next.
  const recent = good.length > 1 && good.length === runs.length ? good.slice(0, -1) : good.slice(0, RECENT);
  const [latest] = recent;
  if (latest === undefined) return undefined;
  return {
    readBytes: counted(latest.counters, 'size'),
    storedBytes: median(recent.map(({ counters }) => counted(counters, 'storedBytes'))),
    durationMs: median(recent.map(({ started, finished = started }) => Date.parse(finished) - Date.parse(started))),
    runs: recent.length,
  };
}

function counted(counters: Json | undefined, name: string): number {
  const value = Object.entries(Object(counters)).find(([key]) => key === name)?.[1];
  return typeof value === 'number' ? value : 0;
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
