import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { AggregationTemporality, type MetricData, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { ExportAnswer } from './export-queue.ts';

/**
 * `OTEL_TRACES_EXPORTER=console` and its like: a line of JSON for each span, log record or metric, on stderr, since stdout is
 * for data. The SDK's own write to stdout.
 */
export class ConsoleExporter<T> {
  readonly #lines: (item: T) => readonly object[];

  private constructor(lines: (item: T) => readonly object[]) {
    this.#lines = lines;
  }

  static ofSpans(): ConsoleExporter<ReadableSpan> {
    return new ConsoleExporter<ReadableSpan>((span) => [spanLine(span)]);
  }

  static ofLogs(): ConsoleExporter<ReadableLogRecord> {
    return new ConsoleExporter<ReadableLogRecord>((record) => [logLine(record)]);
  }

  static ofMetrics(): ConsoleExporter<ResourceMetrics> & { selectAggregationTemporality(): AggregationTemporality } {
    const exporter = new ConsoleExporter<ResourceMetrics>(({ scopeMetrics }) =>
      scopeMetrics.flatMap(({ metrics }) => metrics.map(metricLine)),
    );
    return Object.assign(exporter, { selectAggregationTemporality: () => AggregationTemporality.CUMULATIVE });
  }

  export(items: T | readonly T[], done: (answer: ExportAnswer) => void): void {
    const lines = ([] as T[]).concat(items).flatMap((item) => this.#lines(item));
    process.stderr.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''), () => done({ code: 0 }));
  }

  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

function spanLine(span: ReadableSpan): object {
  const { traceId, spanId } = span.spanContext();
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    name: span.name,
    started: timeOf(span.startTime),
    seconds: span.duration[0] + span.duration[1] / 1e9,
    attributes: span.attributes,
  };
}

function logLine(record: ReadableLogRecord): object {
  return {
    time: timeOf(record.hrTime),
    severity: record.severityText,
    traceId: record.spanContext?.traceId,
    spanId: record.spanContext?.spanId,
    event: record.eventName,
    body: record.body,
    attributes: record.attributes,
  };
}

function metricLine({ descriptor, dataPoints }: MetricData): object {
  const { name, unit } = descriptor;
  return { metric: name, unit, points: dataPoints.map(({ attributes, value }) => ({ attributes, value })) };
}

function timeOf([seconds, nanoseconds]: readonly [number, number]): string {
  return new Date(seconds * 1000 + nanoseconds / 1e6).toISOString();
}
