import { Slowest, SPANNED_ARTIFACTS } from '../telemetry/slowest.ts';
import type { Attributes, TraceSpan } from '../telemetry/telemetry.ts';
import { addReadCounters, noReadCounters, READ_STAGES, type ReadCounters } from '../workers/counters.ts';

/** An artifact that was read. `startedAt`: milliseconds since 1970. */
export interface EndedReading {
  readonly body: { readonly name: string; readonly kind: 'bytes' | 'tree'; readonly size: number };
  readonly counters: ReadCounters;
  readonly startedAt: number;
}

/**
 * The spans of the artifacts that were read, with one for every stage below each: those that took the most work, and one for all
 * others together. When a source was done with an artifact is not known, so that work is what is compared.
 */
export class ReadingSpans {
  readonly #slowest: Slowest<EndedReading>;
  readonly #rest = { artifacts: 0, size: 0, startedAt: Number.POSITIVE_INFINITY, counters: noReadCounters() };

  constructor(capacity: number = SPANNED_ARTIFACTS) {
    this.#slowest = new Slowest(capacity);
  }

  add(reading: EndedReading): void {
    const work = READ_STAGES.reduce((sum, stage) => sum + reading.counters[stage].busyMs, 0);
    const faster = this.#slowest.add(reading, work);
    if (faster === undefined) return;
    this.#rest.artifacts++;
    this.#rest.size += faster.body.size;
    this.#rest.startedAt = Math.min(this.#rest.startedAt, faster.startedAt);
    addReadCounters(this.#rest.counters, faster.counters);
  }

  /** Puts the spans below `parent`, in the order in which reading began. */
  emit(parent: TraceSpan): void {
    for (const { body, counters, startedAt } of this.#slowest.take().sort((a, b) => a.startedAt - b.startedAt)) {
      const attributes = { 'holdfast.artifact.kind': body.kind, 'holdfast.artifact.size': body.size };
      const named = { 'holdfast.artifact.name': body.name };
      const span = parent.child(`read ${body.kind}`, { ...named, ...attributes }, startedAt);
      spanStages(span, named, counters, startedAt);
    }
    const { artifacts, size, startedAt, counters } = this.#rest;
    if (artifacts === 0) return;
    const counted = { 'holdfast.artifacts': artifacts };
    const span = parent.child('read rest', { ...counted, 'holdfast.artifact.size': size }, startedAt);
    spanStages(span, counted, counters, startedAt);
  }
}

/** As on the way in, stages overlap: each spans the whole artifact and carries the seconds it was busy, over all threads. */
function spanStages(span: TraceSpan, whose: Attributes, counters: ReadCounters, startedAt: number): void {
  for (const stage of READ_STAGES) {
    const { busyMs, bytesIn, bytesOut, calls } = counters[stage];
    const booked = {
      ...whose,
      'holdfast.stage.busy': busyMs / 1000,
      'holdfast.stage.bytes_in': bytesIn,
      'holdfast.stage.bytes_out': bytesOut,
      'holdfast.stage.calls': calls,
    };
    span.child(`stage ${stage}`, booked, startedAt).end();
  }
  span.end();
}
