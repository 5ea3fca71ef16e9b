import { ROOT_CONTEXT, type Span, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import type { Attributes, TraceSpan } from './trace.ts';

export class ExportedSpan implements TraceSpan {
  readonly span: Span;
  readonly #tracer: Tracer;
  /** Wall clock minus monotonic clock, as it was when the run began: within a run no span goes backwards. */
  readonly #clock: number;
  readonly #startedAt: number;
  #ended = false;

  constructor(tracer: Tracer, span: Span, clock: number, startedAt: number) {
    this.#tracer = tracer;
    this.span = span;
    this.#clock = clock;
    this.#startedAt = startedAt;
  }

  now(): number {
    return this.#clock + performance.now();
  }

  child(name: string, attributes: Attributes = {}, startedAt = this.now()): TraceSpan {
    // From the root of all contexts: what happens to be active around the caller is not the parent.
    const above = trace.setSpan(ROOT_CONTEXT, this.span);
    const span = this.#tracer.startSpan(name, { attributes, startTime: startedAt }, above);
    return new ExportedSpan(this.#tracer, span, this.#clock, startedAt);
  }

  set(attributes: Attributes): void {
    if (!this.#ended) this.span.setAttributes(attributes);
  }

  end(failureCode?: string, endedAt = this.now()): void {
    if (this.#ended) return;
    this.#ended = true;
    if (failureCode !== undefined) {
      this.span.setAttribute('error.type', failureCode);
      this.span.setStatus({ code: SpanStatusCode.ERROR, message: failureCode });
    }
    this.span.end(Math.max(endedAt, this.#startedAt));
  }
}
