import type { Logger } from '../contract/index.ts';
import { readSettings } from './settings.ts';
import type { RunTrace, Telemetry, TelemetryOptions, TraceSpan } from './trace.ts';
import { parseTraceparent } from './traceparent.ts';

export type { Attributes, LogEntry, RunTrace, Severity, Telemetry, TelemetryOptions, TraceSpan } from './trace.ts';

/** Loads OpenTelemetry only when the environment asks for an export of some signal: it costs 0.2 s and tens of megabytes. */
export async function openTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { env } = options;
  const parent = env.TRACEPARENT ? parseTraceparent(env.TRACEPARENT) : undefined;
  if (env.TRACEPARENT && parent === undefined) options.debug?.('TRACEPARENT is malformed and was ignored');
  const settings = readSettings(env, options.warn);
  if (settings === undefined) return new SilentTelemetry(parent?.traceId);
  const { ExportingTelemetry } = await import('./exporting.ts');
  return ExportingTelemetry.start(settings, parent, options);
}

class SilentTelemetry implements Telemetry {
  readonly exporting = false;
  readonly #traceId: string | undefined;

  constructor(traceId: string | undefined) {
    this.#traceId = traceId;
  }

  run(): RunTrace {
    const traceId = this.#traceId ?? newTraceId();
    return { traceId, root: silentSpan, measure() {}, log() {}, end: async () => {} };
  }

  logger(log: Logger): Logger {
    return log;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** 16 bytes in hex. Told apart is all that they need to be: no work fails because its trace has no name. */
function newTraceId(): string {
  const words = Array.from({ length: 4 }, () => Math.floor(Math.random() * 2 ** 32));
  return words.map((word) => word.toString(16).padStart(8, '0')).join('');
}

const silentSpan: TraceSpan = {
  now: () => 0,
  child: () => silentSpan,
  set() {},
  end() {},
};
