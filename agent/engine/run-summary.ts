import type { Job } from '../config/policy.ts';
import type { Failure } from '../contract/index.ts';
import { addCounters, type Counters, noCounters } from '../workers/counters.ts';
import type { CapturedArtifact } from './captured-artifact.ts';
import type { PackDelivery } from './pack-delivery.ts';
import type { RunReport, Verdict } from './run-report.ts';

/** All that is known of a run when it has ended, however it ended. */
export interface RunOutcome {
  readonly job: Job;
  readonly traceId: string;
  readonly started: Date;
  readonly finished: Date;
  readonly durationMs: number;
  readonly phases: RunReport['phases'];
  readonly snapshot: RunReport['snapshot'];
  readonly facts: RunReport['facts'];
  readonly targets: RunReport['targets'];
  readonly artifacts: readonly CapturedArtifact[];
  readonly skipped: RunReport['skipped'];
  /** Counters of what belongs to no artifact. */
  readonly rest: Counters;
  readonly delivery: PackDelivery | undefined;
  readonly problems: readonly Failure[];
  readonly failure: Failure | undefined;
}

export function summarise(o: RunOutcome): RunReport {
  const counters = noCounters();
  for (const { counters: more } of [...o.artifacts, { counters: o.rest }]) addCounters(counters, more);
  const sum = (of: (artifact: CapturedArtifact) => number) => o.artifacts.reduce((total, one) => total + of(one), 0);
  return {
    job: o.job.name,
    source: o.job.source.name,
    verdict: verdictOf(o),
    traceId: o.traceId,
    started: o.started.toISOString(),
    finished: o.finished.toISOString(),
    durationMs: o.durationMs,
    phases: o.phases,
    ...(o.snapshot === undefined ? {} : { snapshot: o.snapshot }),
    facts: o.facts,
    targets: o.targets,
    artifacts: o.artifacts.map(({ counters: _, body: __, ...shown }) => shown),
    totals: {
      size: sum(({ size }) => size),
      entries: sum(({ entries }) => entries),
      files: sum(({ files }) => files),
      unchanged: sum(({ unchanged }) => unchanged),
      newChunks: counters.newChunks,
      newBytes: counters.newBytes,
      storedBytes: counters.storedBytes,
    },
    counters,
    stored: { packs: o.delivery?.count ?? 0, bytes: o.delivery?.bytes ?? 0, busyMs: o.delivery?.busyMs ?? 0 },
    skipped: o.skipped,
    problems: o.problems,
    ...(o.failure === undefined ? {} : { failure: o.failure }),
  };
}

function verdictOf({ failure, skipped, targets }: RunOutcome): Verdict {
  if (failure !== undefined) return failure.code === 'CANCELLED' ? 'cancelled' : 'failed';
  return skipped.length > 0 || targets.some(({ state }) => state === 'left out') ? 'incomplete' : 'ok';
}
