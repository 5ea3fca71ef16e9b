import type { SourceSpec } from '../config/policy.ts';
import type { Failure } from '../contract/index.ts';
import { logFew } from '../telemetry/few.ts';
import type { RunTrace, Severity } from '../telemetry/telemetry.ts';
import type { RestoreReport } from './restore-report.ts';
import type { VerifyReport } from './verification.ts';

/** Says in metrics and log records what a restore came to. */
export function tellRestore(trace: RunTrace, source: SourceSpec, report: RestoreReport): void {
  const { verdict, failure, snapshot, bytes, skipped } = report;
  const of = { 'holdfast.source.name': source.name, 'holdfast.source.type': source.type, 'holdfast.outcome': verdict };
  trace.measure('holdfast.restore.duration', report.durationMs / 1000, of);
  trace.measure('holdfast.restore.io', bytes, of);
  logFew(trace, skipped, ({ what, failure }) => ({
    ...problem(failure),
    event: 'holdfast.skipped',
    attributes: { 'holdfast.skipped.what': what },
  }));
  logFew(trace, report.problems, problem);
  trace.log({
    severity: SEVERITIES[verdict],
    message: failure?.message ?? `restore ${source.name}: ${verdict}`,
    event: 'holdfast.restore.ended',
    ...(failure === undefined ? {} : { failure }),
    attributes: {
      ...of,
      'holdfast.restore.bytes': bytes,
      ...(snapshot === undefined ? {} : { 'holdfast.snapshot.id': snapshot.id }),
    },
  });
}

/** Says in metrics and log records what a check of the repository came to. */
export function tellVerify(trace: RunTrace, { level, verdict, findings, failure, durationMs }: VerifyReport): void {
  const depth = { 'holdfast.verify.level': level };
  trace.measure('holdfast.verify.duration', durationMs / 1000, { ...depth, 'holdfast.outcome': verdict });
  trace.measure('holdfast.verify.findings', findings.length, depth);
  logFew(trace, findings, ({ level, target, object, failure }) => ({
    severity: 'error',
    message: failure.message,
    event: 'holdfast.verify.finding',
    failure,
    attributes: {
      'holdfast.verify.level': level,
      'holdfast.object.key': object,
      ...(target === undefined ? {} : { 'holdfast.target.name': target }),
    },
  }));
  trace.log({
    severity: SEVERITIES[verdict],
    message: failure?.message ?? `verify: ${verdict}`,
    event: 'holdfast.verify.ended',
    ...(failure === undefined ? {} : { failure }),
    attributes: { ...depth, 'holdfast.outcome': verdict, 'holdfast.verify.findings': findings.length },
  });
}

function problem(failure: Failure) {
  return { severity: 'warn', message: failure.message, event: 'holdfast.problem', failure } as const;
}

const SEVERITIES: Readonly<Record<RestoreReport['verdict'] | VerifyReport['verdict'], Severity>> = {
  ok: 'info',
  planned: 'info',
  incomplete: 'warn',
  cancelled: 'warn',
  damaged: 'error',
  failed: 'error',
};
