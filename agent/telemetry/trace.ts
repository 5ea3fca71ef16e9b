import type { Span } from '../contract/index.ts';

export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A {@link Span} that may also be built after the fact. Times are milliseconds since 1970, fractions allowed. */
export interface TraceSpan extends Span {
  child(name: string, attributes?: Attributes, startedAt?: number): TraceSpan;
  /** A second call changes nothing. An end before the start counts as the start. */
  end(failureCode?: string, endedAt?: number): void;
}

export interface RunTrace {
  /** 32 hex digits, valid whether or not anything is exported. */
  readonly traceId: string;
  readonly root: TraceSpan;
  /** Waits until the spans that ended so far were taken by the collector, or were given up. Never throws. */
  drain(): Promise<void>;
}

/** Disposing drains what is left; that, too, never throws and counts towards the time a run may lose. */
export interface Telemetry extends AsyncDisposable {
  readonly exporting: boolean;
  /** Starts the trace of a run with its root span, or goes on with that of `TRACEPARENT`. */
  run(name: string, attributes?: Attributes): RunTrace;
}

export interface TelemetryOptions {
  /**
   * Decides whether and where to export. It must be `process.env` itself when it says so: the SDK reads headers,
   * certificates, compression, resource attributes, sampler and limits from there.
   */
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  readonly host: string;
  /** Told once of a collector that cannot be reached. Messages hold no header and nothing a collector sent. */
  warn(message: string): void;
  debug?(message: string): void;
}
