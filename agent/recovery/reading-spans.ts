import type { ArtifactBody } from '../repository/snapshot.ts';
import type { TraceSpan } from '../telemetry/telemetry.ts';
import { READ_STAGES, type ReadCounters } from '../workers/counters.ts';

/**
 * The span of an artifact that was read, with one for every stage below it. As on the way in, stages overlap: each spans the whole
 * artifact and carries the seconds it was busy, added up over all threads. `startedAt`: milliseconds since 1970.
 */
export function spanReading(parent: TraceSpan, body: ArtifactBody, counters: ReadCounters, startedAt: number): void {
  const attributes = { 'holdfast.artifact.name': body.name, 'holdfast.artifact.kind': body.kind };
  const span = parent.child(`read ${body.kind}`, { ...attributes, 'holdfast.artifact.size': body.size }, startedAt);
  for (const stage of READ_STAGES) {
    const { busyMs, bytesIn, bytesOut, calls } = counters[stage];
    const booked = {
      'holdfast.artifact.name': body.name,
      'holdfast.stage.busy': busyMs / 1000,
      'holdfast.stage.bytes_in': bytesIn,
      'holdfast.stage.bytes_out': bytesOut,
      'holdfast.stage.calls': calls,
    };
    span.child(`stage ${stage}`, booked, startedAt).end();
  }
  span.end();
}
