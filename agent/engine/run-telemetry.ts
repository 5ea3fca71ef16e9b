import type { Job } from '../config/policy.ts';
import type { Failure } from '../contract/index.ts';
import { logFew } from '../telemetry/few.ts';
import type { RunTrace, Severity } from '../telemetry/telemetry.ts';
import { STAGES } from '../workers/counters.ts';
import type { RunReport } from './run-report.ts';

/** What a run's report does not say, and its telemetry does. */
export interface RunFacts {
  readonly failedArtifacts: number;
  /** Targets that lagged when it began: what it stored itself did not go there. */
  readonly behind: ReadonlySet<string>;
  /** When the last run of the job ended that left nothing out, this one included; ISO 8601. */
  readonly lastSuccess: string | undefined;
}

/** Says in metrics and log records what a run came to. */
export function tellRun(trace: RunTrace, job: Job, report: RunReport, facts: RunFacts): void {
  measureSizes(trace, job, report, facts.behind);
  measureStages(trace, job, report);
  const by = { 'holdfast.job.name': job.name, 'holdfast.source.type': job.source.type };
  trace.measure('holdfast.run.duration', report.durationMs / 1000, { ...by, 'holdfast.outcome': report.verdict });
  if (facts.lastSuccess !== undefined) {
    trace.measure('holdfast.job.last_success.time', Date.parse(facts.lastSuccess) / 1000, by);
  }
  trace.measure('holdfast.artifacts', report.artifacts.length, { ...by, 'holdfast.outcome': 'stored' });
  trace.measure('holdfast.artifacts', facts.failedArtifacts, { ...by, 'holdfast.outcome': 'failed' });
  trace.measure('holdfast.skipped', report.skipped.length, by);
  logRun(trace, job, report);
}

function measureSizes(
  trace: RunTrace,
  job: Job,
  { totals, counters, stored, snapshot, targets }: RunReport,
  behind: RunFacts['behind'],
): void {
  const by = { 'holdfast.job.name': job.name, 'holdfast.source.type': job.source.type };
  if (snapshot !== undefined) trace.measure('holdfast.source.size', totals.size, by);
  trace.measure('holdfast.source.read', counters.stages.chunk.bytesIn, by);
  trace.measure('holdfast.content.stored', totals.storedBytes, by);
  trace.measure('holdfast.chunks', counters.newChunks, { ...by, 'holdfast.chunk.state': 'new' });
  trace.measure('holdfast.chunks', counters.chunks - counters.newChunks, { ...by, 'holdfast.chunk.state': 'reused' });
  for (const { name } of job.targets) {
    const on = { 'holdfast.job.name': job.name, 'holdfast.target.name': name };
    const target = targets.find((one) => one.name === name);
    // Of what went to one that was left out on the way it is not known how much it has kept.
    const written = target?.state === 'left out' || behind.has(name) ? 0 : stored.bytes;
    trace.measure('holdfast.repository.growth', written + (target?.copied?.bytes ?? 0), on);
    if (target === undefined) continue;
    const outcome = target.state === 'stored' ? 'stored' : 'left_out';
    trace.measure('holdfast.target.snapshots', 1, { ...on, 'holdfast.outcome': outcome });
  }
}

function measureStages(trace: RunTrace, job: Job, { counters }: RunReport): void {
  for (const stage of STAGES) {
    const { busyMs, bytesIn, bytesOut } = counters.stages[stage];
    const by = { 'holdfast.job.name': job.name, 'holdfast.stage': stage };
    trace.measure('holdfast.stage.busy', busyMs / 1000, by);
    trace.measure('holdfast.stage.io', bytesIn, { ...by, 'holdfast.stage.direction': 'in' });
    trace.measure('holdfast.stage.io', bytesOut, { ...by, 'holdfast.stage.direction': 'out' });
  }
}

function logRun(
  trace: RunTrace,
  job: Job,
  { verdict, snapshot, skipped, targets, problems, failure }: RunReport,
): void {
  logFew(trace, skipped, ({ what, failure }) => ({
    ...problem(failure),
    event: 'holdfast.skipped',
    attributes: { 'holdfast.skipped.what': what },
  }));
  for (const target of targets) {
    if (target.state === 'stored') continue;
    const attributes = { 'holdfast.job.name': job.name, 'holdfast.target.name': target.name };
    trace.log({ ...problem(target.failure), event: 'holdfast.target.left_out', attributes });
  }
  logFew(trace, problems, problem);
  trace.log({
    severity: SEVERITIES[verdict],
    message: failure?.message ?? `backup ${job.name}: ${verdict}`,
    event: 'holdfast.run.ended',
    ...(failure === undefined ? {} : { failure }),
    attributes: {
      'holdfast.job.name': job.name,
      'holdfast.source.name': job.source.name,
      'holdfast.source.type': job.source.type,
      'holdfast.outcome': verdict,
      'holdfast.run.skipped': skipped.length,
      'holdfast.run.targets_left_out': targets.filter(({ state }) => state === 'left out').length,
      ...(snapshot === undefined ? {} : { 'holdfast.snapshot.id': snapshot.id }),
    },
  });
}

function problem(failure: Failure) {
  return { severity: 'warn', message: failure.message, event: 'holdfast.problem', failure } as const;
}

const SEVERITIES: Readonly<Record<RunReport['verdict'], Severity>> = {
  ok: 'info',
  incomplete: 'warn',
  cancelled: 'warn',
  failed: 'error',
};
