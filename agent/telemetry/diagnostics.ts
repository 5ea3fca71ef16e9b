import { DiagLogLevel, diag } from '@opentelemetry/api';
import type { TelemetryOptions } from './trace.ts';

/** The SDK's own diagnostics: to `warn` and `debug` instead of the console, each text once, its arguments left out. */
export function speakThrough({ env, warn, debug }: TelemetryOptions): void {
  const said = new Set<string>();
  const once = (message: string) => {
    if (!said.has(message)) warn(`OpenTelemetry: ${message}`);
    said.add(message);
  };
  const aside = (message: string) => debug?.(`OpenTelemetry: ${message}`);
  const level = /^(info|debug|verbose|all)$/i.test(env.OTEL_LOG_LEVEL ?? '') ? DiagLogLevel.ALL : DiagLogLevel.WARN;
  const logger = { error: once, warn: once, info: aside, debug: aside, verbose: aside };
  diag.setLogger(logger, { logLevel: level, suppressOverrideMessage: true });
}

/** Where OTEL_LOG_LEVEL is set, the SDK would replace our logger by one that writes to stdout, which is for data. */
export function withoutLogLevel<T>(make: () => T): T {
  const level = process.env.OTEL_LOG_LEVEL;
  delete process.env.OTEL_LOG_LEVEL;
  try {
    return make();
  } finally {
    if (level !== undefined) process.env.OTEL_LOG_LEVEL = level;
  }
}
