import type { Logger } from '../contract/index.ts';
import { RecordedSpan } from './recorded-span.fixture.ts';
import type { Attributes, LogEntry, RunTrace, Telemetry } from './telemetry.ts';

/** Telemetry that keeps what it is told, for tests to look at: spans, values by `<metric> <attribute values …>`, log records. */
export class RecordedTelemetry implements Telemetry {
  readonly exporting = false;
  readonly roots: RecordedSpan[] = [];
  readonly values = new Map<string, number>();
  readonly logs: LogEntry[] = [];

  run(name: string, attributes?: Attributes): RunTrace {
    const root = new RecordedSpan(name, attributes);
    this.roots.push(root);
    return {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      root,
      measure: (name, value, attributes) => void this.values.set([name, ...Object.values(attributes)].join(' '), value),
      log: (entry) => void this.logs.push(entry),
      end: async (failureCode) => root.end(failureCode),
    };
  }

  logger(log: Logger): Logger {
    return log;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
