import type { TraceSpan } from '../telemetry/telemetry.ts';
import { STAGES } from '../workers/counters.ts';
import type { CapturedArtifact } from './captured-artifact.ts';

/**
 * Ends an artifact's span and puts a span for every stage below it. Stages overlap and run on several threads, so each spans the
 * whole artifact and carries the time it was busy, added up over the workers, as an attribute (seconds).
 * `startedAt`: when the artifact began, milliseconds since 1970.
 */
export function spanArtifact(span: TraceSpan, artifact: CapturedArtifact, startedAt: number): void {
  const { counters } = artifact;
  for (const stage of STAGES) {
    const { busyMs, bytesIn, bytesOut, calls } = counters.stages[stage];
    const attributes = {
      'holdfast.artifact.name': artifact.name,
      'holdfast.stage.busy': busyMs / 1000,
      'holdfast.stage.bytes_in': bytesIn,
      'holdfast.stage.bytes_out': bytesOut,
      'holdfast.stage.calls': calls,
    };
    const child = span.child(`stage ${stage}`, attributes, startedAt);
    if (stage === 'chunk' || stage === 'identify') child.set({ 'holdfast.chunks': counters.chunks });
    if (stage === 'compress' || stage === 'encrypt') {
      child.set({ 'holdfast.chunks.new': counters.newChunks, 'holdfast.frames': counters.frames });
    }
    child.end();
  }
  span.set({
    'holdfast.artifact.kind': artifact.kind,
    'holdfast.artifact.size': artifact.size,
    'holdfast.artifact.entries': artifact.entries,
    'holdfast.artifact.unchanged': artifact.unchanged,
    'holdfast.chunks': counters.chunks,
    'holdfast.chunks.new': counters.newChunks,
    'holdfast.bytes.new': counters.newBytes,
    'holdfast.bytes.stored': counters.storedBytes,
  });
  span.end();
}
