import { TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';

const BATCH = 512;
/** What is kept for a collector that is away; beyond it the oldest spans go. */
const KEPT_WHILE_AWAY = 8192;
/** A batch that is taken within this time costs the run nothing. */
const FREE_MS = 1000;

export interface SpanQueueOptions {
  readonly exporter: SpanExporter;
  /** How long a run may be held up, in all, by a collector that does not take spans. */
  readonly patienceMs: number;
  /** After a failure, how long until the next attempt. */
  readonly pauseMs: number;
  /** Called once a run when spans do not get through, in words that hold nothing of headers or answers. */
  undelivered(reason: string): void;
}

type Outcome = 'taken' | { readonly reason: string; readonly retry: boolean };

/**
 * Exports ended spans in batches, one batch at a time. Unlike the SDK's batch processor it has no queue that overflows in a
 * burst: whoever makes spans awaits `forceFlush` now and then, and that is the backpressure. What a collector that is
 * down, slow or hanging can cost is bounded by the run's patience; sending goes on beside the run.
 */
export class SpanQueue implements SpanProcessor {
  readonly #options: SpanQueueOptions;
  #waiting: ReadableSpan[] = [];
  #sending: Promise<Outcome> | undefined;
  #patienceMs: number;
  #awayUntil = 0;
  #told = false;
  #closed = false;

  constructor(options: SpanQueueOptions) {
    this.#options = options;
    this.#patienceMs = options.patienceMs;
  }

  /** A new run has all the patience again, tries at once, and is told again. */
  beginRun(): void {
    this.#awayUntil = 0;
    this.#patienceMs = this.#options.patienceMs;
    this.#told = false;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#closed || (span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    this.#waiting.push(span);
    if (this.#waiting.length > KEPT_WHILE_AWAY && this.#isAway()) this.#waiting.splice(0, BATCH);
    if (this.#waiting.length >= BATCH) this.#send();
  }

  /** Resolves when all that ended was taken, when sending failed, or when the run's patience is used up. Never rejects. */
  async forceFlush(): Promise<void> {
    this.#send();
    while (this.#sending !== undefined && this.#patienceMs > 0) {
      const begun = performance.now();
      const outcome = await within(this.#patienceMs, this.#sending);
      if (outcome === 'late') this.#tell('it does not answer');
      const waited = performance.now() - begun;
      this.#patienceMs -= outcome === 'taken' ? Math.max(0, waited - FREE_MS) : outcome === 'late' ? Infinity : waited;
    }
  }

  async shutdown(): Promise<void> {
    await this.forceFlush();
    this.#closed = true;
    this.#waiting = [];
    // The exporter would wait for a batch that hangs; what is still under way here was given up.
    if (this.#sending === undefined) await this.#options.exporter.shutdown();
  }

  #isAway(): boolean {
    return performance.now() < this.#awayUntil;
  }

  #send(): void {
    if (this.#sending !== undefined || this.#waiting.length === 0 || this.#closed || this.#isAway()) return;
    const batch = this.#waiting.splice(0, BATCH);
    this.#sending = this.#export(batch).then((outcome) => {
      this.#sending = undefined;
      if (outcome !== 'taken') this.#failed(batch, outcome);
      this.#send();
      return outcome;
    });
  }

  #failed(batch: readonly ReadableSpan[], { reason, retry }: Exclude<Outcome, 'taken'>): void {
    this.#tell(reason);
    if (!retry) return;
    this.#awayUntil = performance.now() + this.#options.pauseMs;
    if (!this.#closed) this.#waiting.unshift(...batch);
  }

  #tell(reason: string): void {
    if (!this.#told) this.#options.undelivered(reason);
    this.#told = true;
  }

  #export(batch: ReadableSpan[]): Promise<Outcome> {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    try {
      this.#options.exporter.export(batch, ({ code, error }) => resolve(code === 0 ? 'taken' : failureOf(error)));
    } catch (thrown) {
      resolve(failureOf(thrown));
    }
    return promise;
  }
}

/** Only codes: messages of the exporter may repeat what the collector answered, or a header. */
function failureOf(error: unknown): Exclude<Outcome, 'taken'> {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // A status the exporter did not retry: OTLP forbids to send the same again.
  if (typeof code === 'number') return { reason: `it answers HTTP ${code}`, retry: false };
  if (typeof code === 'string') return { reason: code, retry: true };
  return { reason: 'it does not answer, or asks to come back later', retry: true };
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | 'late'> {
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const timer = setTimeout(resolve, ms, 'late');
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
