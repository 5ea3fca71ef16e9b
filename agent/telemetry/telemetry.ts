import { randomBytes } from 'node:crypto';
import { readSettings } from './settings.ts';
import type { RunTrace, Telemetry, TelemetryOptions, TraceSpan } from './trace.ts';
import { parseTraceparent } from './traceparent.ts';

export type { Attributes, RunTrace, Telemetry, TelemetryOptions, TraceSpan } from './trace.ts';

/** Loads OpenTelemetry only when the environment asks for an export: it costs 0.2 s and tens of megabytes. */
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
    return { traceId: this.#traceId ?? randomBytes(16).toString('hex'), root: silentSpan, drain: async () => {} };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

const silentSpan: TraceSpan = {
  child: () => silentSpan,
  set() {},
  end() {},
};
