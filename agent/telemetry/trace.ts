import type { Failure, Logger, Span } from '../contract/index.ts';
import type { AttributeName } from './attributes.ts';
import type { EventName } from './events.ts';
import type { InstrumentName, MeasuredBy } from './instruments.ts';

export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A {@link Span} that may also be built after the fact. Times are milliseconds since 1970, fractions allowed. */
export interface TraceSpan extends Span {
  /** The time by the run's own clock, which never goes backwards. */
  now(): number;
  child(name: string, attributes?: Attributes, startedAt?: number): TraceSpan;
  /** A second call changes nothing. An end before the start counts as the start. */
  end(failureCode?: string, endedAt?: number): void;
}

export type Severity = 'debug' | 'info' | 'warn' | 'error';

/** A log record to be. Of a failure its code, origin, permanence and hint are sent, not its `detail`. */
export interface LogEntry {
  readonly severity: Severity;
  readonly message: string;
  readonly event?: EventName;
  readonly failure?: Failure;
  readonly attributes?: Readonly<Partial<Record<AttributeName, string | number | boolean>>>;
}

export interface RunTrace {
  /** 32 hex digits, valid whether or not anything is exported. */
  readonly traceId: string;
  readonly root: TraceSpan;
  /** Records a value of an instrument of the table, in its unit. */
  measure<Name extends InstrumentName>(name: Name, value: number, attributes: MeasuredBy<Name>): void;
  /** Sends a log record that belongs to the root span. */
  log(entry: LogEntry): void;
  /** Ends the root span and delivers everything, for as long as the run's patience lasts. Never throws. */
  end(failureCode?: string): Promise<void>;
}

/** Disposing delivers what is left; that, too, never throws and counts towards the time a run may lose. */
export interface Telemetry extends AsyncDisposable {
  readonly exporting: boolean;
  /** Starts the trace of a run with its root span, or goes on with that of `TRACEPARENT`. */
  run(name: string, attributes?: Attributes): RunTrace;
  /** `log`, so that what is written to it is also sent as log records that belong to `span`. */
  logger(log: Logger, span: Span): Logger;
}

export interface TelemetryOptions {
  /**
   * Decides whether and where to export. It must be `process.env` itself when it says so: the SDK reads headers,
   * certificates, compression, resource attributes, sampler and limits from there.
   */
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  readonly host: string;
  /** Told once a run of what does not arrive. Messages hold no header and nothing a collector sent. */
  warn(message: string): void;
  debug?(message: string): void;
}
