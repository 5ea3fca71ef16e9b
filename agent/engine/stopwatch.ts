import type { TraceSpan } from '../telemetry/telemetry.ts';

/** Times the phases of a run, one after the other, and spans each. */
export class Stopwatch {
  readonly #root: TraceSpan;
  readonly phases: { name: string; ms: number }[] = [];
  #open: { name: string; startedAt: number; span: TraceSpan } | undefined;

  constructor(root: TraceSpan) {
    this.#root = root;
  }

  /** Ends the phase that is open and begins another. */
  phase(name: string): TraceSpan {
    this.end();
    this.#open = { name, startedAt: performance.now(), span: this.#root.child(name) };
    return this.#open.span;
  }

  get current(): TraceSpan {
    return this.#open?.span ?? this.#root;
  }

  end(failureCode?: string): void {
    if (this.#open === undefined) return;
    const { name, startedAt, span } = this.#open;
    this.#open = undefined;
    this.phases.push({ name, ms: performance.now() - startedAt });
    span.end(failureCode);
  }
}
