import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { PushMetricExporter, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { ConsoleExporter } from './console-exporter.ts';
import { type ExportAnswer, ExportQueue, type Undelivered } from './export-queue.ts';
import { otlpLogs, otlpMetrics, otlpSpans } from './exporters.ts';
import { LogFeed, MetricFeed, SpanFeed } from './feeds.ts';
import { Patience } from './patience.ts';
import type { Signal, TelemetrySettings } from './settings.ts';

/** What a collector that is down, hanging or refusing may cost a run, in all. */
const PATIENCE_MS = 5000;
const PAUSE_MS = 10_000;
/** How long trouble is remembered: the jobs of one command, one after the other, pay for it once and not each. */
const TROUBLE_MS = 60_000;
/** Spans and log records: what a run makes is bounded well below it, so that only plugins and long troubles reach it. */
const BATCH = 512;
const CAPACITY = 16_384;
/** One reading of the metrics a run. */
const READINGS = 16;

/** One way out: a queue, and what its warning says. */
interface Outlet {
  readonly signal: Signal;
  readonly where: string;
  readonly queue: Pick<ExportQueue<never>, 'begin' | 'wake' | 'settled' | 'undelivered' | 'close'>;
  shutdown(): Promise<void>;
}

/** Takes every signal to where the settings say, with one patience and one warning a run for all of them together. */
export class Delivery {
  readonly spans: SpanFeed;
  readonly logs: LogFeed;
  readonly metrics: readonly MetricFeed[];
  readonly #outlets: readonly Outlet[];
  readonly #patience = new Patience(PATIENCE_MS);
  readonly #warn: (message: string) => void;
  #told = false;
  #troubleUntil = 0;

  private constructor(ways: Ways, warn: (message: string) => void) {
    this.spans = new SpanFeed(ways.spans);
    this.logs = new LogFeed(ways.logs);
    this.metrics = ways.metrics;
    this.#outlets = ways.outlets;
    this.#warn = warn;
  }

  static async open(settings: TelemetrySettings, warn: (message: string) => void): Promise<Delivery> {
    const ways = new Ways();
    const { traces, metrics, logs } = settings;
    if (traces?.otlp) ways.addSpans(await otlpSpans(traces.otlp, PATIENCE_MS), originOf(traces.otlp.url));
    if (traces?.console) ways.addSpans(ConsoleExporter.ofSpans(), 'stderr');
    if (metrics?.otlp) ways.addMetrics(await otlpMetrics(metrics.otlp, PATIENCE_MS), originOf(metrics.otlp.url));
    if (metrics?.console) ways.addMetrics(ConsoleExporter.ofMetrics(), 'stderr');
    if (logs?.otlp) ways.addLogs(await otlpLogs(logs.otlp, PATIENCE_MS), originOf(logs.otlp.url));
    if (logs?.console) ways.addLogs(ConsoleExporter.ofLogs(), 'stderr');
    return new Delivery(ways, warn);
  }

  /** A new run is told again; unless there was trouble just before, it has all the patience again, and tries at once. */
  beginRun(): void {
    this.#told = false;
    for (const { queue } of this.#outlets) queue.begin();
    if (performance.now() < this.#troubleUntil) return;
    this.#patience.renew();
    for (const { queue } of this.#outlets) queue.wake();
  }

  /** Sends what there is, the metrics as they are now. Warns once a run of what does not get through. Never throws. */
  async deliver(): Promise<void> {
    for (const feed of this.metrics) await feed.read();
    await this.#drain();
  }

  async close(): Promise<void> {
    await this.#drain();
    for (const { queue, shutdown } of this.#outlets) if (queue.close()) await shutdown();
  }

  async #drain(): Promise<void> {
    await this.#patience.covers(Promise.all(this.#outlets.map(({ queue }) => queue.settled())));
    const troubles = this.#outlets.flatMap((outlet) => {
      const { undelivered } = outlet.queue;
      return undelivered === undefined ? [] : [{ outlet, undelivered }];
    });
    if (troubles.length === 0) return;
    this.#troubleUntil = performance.now() + TROUBLE_MS;
    if (this.#told) return;
    this.#told = true;
    this.#warn(warningOf(troubles));
  }
}

/** What is opened, signal by signal. */
class Ways {
  readonly spans: ExportQueue<ReadableSpan>[] = [];
  readonly logs: ExportQueue<ReadableLogRecord>[] = [];
  readonly metrics: MetricFeed[] = [];
  readonly outlets: Outlet[] = [];

  addSpans(exporter: BatchExporter<ReadableSpan>, where: string): void {
    this.spans.push(this.#batches('traces', exporter, where));
  }

  addLogs(exporter: BatchExporter<ReadableLogRecord>, where: string): void {
    this.logs.push(this.#batches('logs', exporter, where));
  }

  addMetrics(exporter: PushMetricExporter, where: string): void {
    const queue = new ExportQueue<ResourceMetrics>({
      export: ([reading], done) => (reading === undefined ? done({ code: 0 }) : exporter.export(reading, done)),
      batch: 1,
      capacity: READINGS,
      pauseMs: PAUSE_MS,
    });
    this.outlets.push({ signal: 'metrics', where, queue, shutdown: () => exporter.shutdown() });
    this.metrics.push(new MetricFeed(exporter, queue));
  }

  #batches<T>(signal: Signal, exporter: BatchExporter<T>, where: string): ExportQueue<T> {
    const queue = new ExportQueue<T>({
      export: (batch, done) => exporter.export(batch, done),
      batch: BATCH,
      capacity: CAPACITY,
      pauseMs: PAUSE_MS,
    });
    this.outlets.push({ signal, where, queue, shutdown: () => exporter.shutdown() });
    return queue;
  }
}

interface BatchExporter<T> {
  export(batch: T[], done: (answer: ExportAnswer) => void): void;
  shutdown(): Promise<void>;
}

interface Trouble {
  readonly outlet: Pick<Outlet, 'signal' | 'where'>;
  readonly undelivered: Undelivered;
}

const COUNTED: Readonly<Record<Signal, (count: number) => string>> = {
  traces: (count) => `${count} ${count === 1 ? 'span' : 'spans'}`,
  metrics: () => 'the metrics',
  logs: (count) => `${count} ${count === 1 ? 'log record' : 'log records'}`,
};

/** `telemetry did not arrive: 9 spans and the metrics at http://127.0.0.1:4318 (ECONNREFUSED); the run is not affected` */
export function warningOf(troubles: readonly Trouble[]): string {
  const groups = Map.groupBy(troubles, ({ outlet, undelivered }) => `at ${outlet.where} (${undelivered.reason})`);
  const parts = [...groups].map(([place, group]) => {
    const what = group.map(({ outlet, undelivered }) => COUNTED[outlet.signal](undelivered.count));
    return `${new Intl.ListFormat('en-GB').format(what)} ${place}`;
  });
  const refused = troubles.filter(({ undelivered }) => undelivered.refused).map(({ outlet }) => outlet.signal);
  const switches = [...new Set(refused)].map((signal) => `OTEL_${signal.toUpperCase()}_EXPORTER=none`);
  const hint = switches.length === 0 ? '' : `; ${switches.join(', ')} where it is not wanted`;
  return `telemetry did not arrive: ${parts.join('; ')}; the run is not affected${hint}`;
}

/** Without credentials and path: either may be a secret. */
function originOf(url: string): string {
  return new URL(url).origin;
}
