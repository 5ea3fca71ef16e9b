import { Slowest, SPANNED_ARTIFACTS } from '../telemetry/slowest.ts';
import type { Attributes, TraceSpan } from '../telemetry/telemetry.ts';
import { addCounters, type Counters, noCounters, STAGES } from '../workers/counters.ts';
import type { CapturedArtifact } from './captured-artifact.ts';

/** An artifact that ended; times are milliseconds since 1970. Without `captured` it failed. */
export interface EndedArtifact {
  readonly name: string;
  readonly kind: 'bytes' | 'tree';
  readonly startedAt: number;
  readonly endedAt: number;
  /** What the source says of it. */
  readonly attributes?: Attributes;
  readonly captured?: Omit<CapturedArtifact, 'body' | 'facts'>;
}

/** Figures of one artifact or of several, added up. */
interface Figures {
  size: number;
  entries: number;
  unchanged: number;
  readonly counters: Counters;
}

/** Artifacts that have no span of their own. */
interface Rest extends Figures {
  artifacts: number;
  startedAt: number;
  endedAt: number;
}

/**
 * The spans of a run's artifacts, with one for every stage below each: those of the slowest artifacts, and one for all others
 * together, so that a trace stays of a size that can be read however many artifacts there are.
 */
export class ArtifactSpans {
  readonly #slowest: Slowest<EndedArtifact>;
  #rest: Rest | undefined;

  constructor(capacity: number = SPANNED_ARTIFACTS) {
    this.#slowest = new Slowest(capacity);
  }

  add(artifact: EndedArtifact): void {
    // One that failed is what somebody will look for.
    const ms = artifact.captured === undefined ? Number.POSITIVE_INFINITY : artifact.endedAt - artifact.startedAt;
    const faster = this.#slowest.add(artifact, ms);
    if (faster !== undefined) this.#rest = merged(this.#rest, faster);
  }

  /** Puts the spans of what was added since the last time below `parent`, in the order in which the artifacts began. */
  emit(parent: TraceSpan): void {
    for (const { name, kind, startedAt, endedAt, attributes, captured } of this.#slowest.take().sort(byStart)) {
      const named = { 'holdfast.artifact.name': name };
      const described = { ...attributes, ...named, 'holdfast.artifact.kind': kind };
      const span = parent.child(`capture ${kind}`, described, startedAt);
      if (captured !== undefined) spanFigures(span, named, captured, startedAt, endedAt);
      span.end(captured === undefined ? 'CAPTURE_FAILED' : undefined, endedAt);
    }
    const rest = this.#rest;
    if (rest === undefined) return;
    this.#rest = undefined;
    const { artifacts, startedAt, endedAt } = rest;
    const counted = { 'holdfast.artifacts': artifacts };
    const span = parent.child('capture rest', counted, startedAt);
    spanFigures(span, counted, rest, startedAt, endedAt);
    span.end(undefined, endedAt);
  }
}

function byStart(a: EndedArtifact, b: EndedArtifact): number {
  return a.startedAt - b.startedAt;
}

function merged(rest: Rest | undefined, { startedAt, endedAt, captured }: EndedArtifact): Rest {
  const sum = rest ?? { artifacts: 0, startedAt, endedAt, size: 0, entries: 0, unchanged: 0, counters: noCounters() };
  sum.artifacts++;
  sum.startedAt = Math.min(sum.startedAt, startedAt);
  sum.endedAt = Math.max(sum.endedAt, endedAt);
  if (captured === undefined) return sum;
  sum.size += captured.size;
  sum.entries += captured.entries;
  sum.unchanged += captured.unchanged;
  addCounters(sum.counters, captured.counters);
  return sum;
}

/**
 * Stages overlap and run on several threads, so each spans the whole artifact and carries the time it was busy, added up over
 * the workers, as an attribute (seconds).
 */
function spanFigures(
  span: TraceSpan,
  whose: Attributes,
  { size, entries, unchanged, counters }: Readonly<Figures>,
  startedAt: number,
  endedAt: number,
): void {
  for (const stage of STAGES) {
    const { busyMs, bytesIn, bytesOut, calls } = counters.stages[stage];
    const attributes = {
      ...whose,
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
    child.end(undefined, endedAt);
  }
  span.set({
    'holdfast.artifact.size': size,
    'holdfast.artifact.entries': entries,
    'holdfast.artifact.unchanged': unchanged,
    'holdfast.chunks': counters.chunks,
    'holdfast.chunks.new': counters.newChunks,
    'holdfast.bytes.new': counters.newBytes,
    'holdfast.bytes.stored': counters.storedBytes,
  });
}
