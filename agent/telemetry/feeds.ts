import { TraceFlags } from '@opentelemetry/api';
import type { LogRecordProcessor, ReadableLogRecord, ReadWriteLogRecord } from '@opentelemetry/sdk-logs';
import { MetricReader, type PushMetricExporter, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { ExportQueue } from './export-queue.ts';

/**
 * What connects the SDK with the queues, one class for each signal. Flushing and shutting down by the SDK do nothing here:
 * `Delivery` does both, for all signals at once.
 */

export class SpanFeed implements SpanProcessor {
  readonly #queues: readonly ExportQueue<ReadableSpan>[];

  constructor(queues: readonly ExportQueue<ReadableSpan>[]) {
    this.#queues = queues;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    for (const queue of this.#queues) queue.push(span);
  }

  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

export class LogFeed implements LogRecordProcessor {
  readonly #queues: readonly ExportQueue<ReadableLogRecord>[];

  constructor(queues: readonly ExportQueue<ReadableLogRecord>[]) {
    this.#queues = queues;
  }

  onEmit(record: ReadWriteLogRecord): void {
    for (const queue of this.#queues) queue.push(record);
  }

  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

/** Reads the metrics when a run ends, never by the clock: between runs nothing changes. */
export class MetricFeed extends MetricReader {
  readonly #queue: ExportQueue<ResourceMetrics>;

  constructor(exporter: PushMetricExporter, queue: ExportQueue<ResourceMetrics>) {
    super({
      ...(exporter.selectAggregation && { aggregationSelector: exporter.selectAggregation.bind(exporter) }),
      ...(exporter.selectAggregationTemporality && {
        aggregationTemporalitySelector: exporter.selectAggregationTemporality.bind(exporter),
      }),
    });
    this.#queue = queue;
  }

  async read(): Promise<void> {
    const { resourceMetrics } = await this.collect();
    if (resourceMetrics.scopeMetrics.length > 0) this.#queue.push(resourceMetrics);
  }

  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}
