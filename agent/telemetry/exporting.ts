import {
  type Context,
  context,
  createTraceState,
  DiagLogLevel,
  diag,
  logs,
  metrics,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import {
  defaultResource,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { ConsoleExporter } from './console-exporter.ts';
import { resourceAttributes } from './resource.ts';
import type { OtlpSettings, TraceSettings } from './settings.ts';
import { SpanQueue } from './span-queue.ts';
import type { Attributes, RunTrace, Telemetry, TelemetryOptions, TraceSpan } from './trace.ts';
import type { TraceParent } from './traceparent.ts';

/** What a collector that is down, hanging or refusing may cost a run, in all. */
const PATIENCE_MS = 5000;
const PAUSE_MS = 10_000;

export class ExportingTelemetry implements Telemetry {
  readonly exporting = true;
  readonly #sdk: NodeSDK;
  readonly #queues: readonly SpanQueue[];
  readonly #tracer: Tracer;
  readonly #parent: TraceParent | undefined;
  readonly #traceState: string;

  private constructor(
    sdk: NodeSDK,
    queues: readonly SpanQueue[],
    parent: TraceParent | undefined,
    options: TelemetryOptions,
  ) {
    this.#sdk = sdk;
    this.#queues = queues;
    this.#tracer = trace.getTracer('holdfast', options.version);
    this.#parent = parent;
    this.#traceState = options.env.TRACESTATE ?? '';
  }

  static async start(
    settings: TraceSettings,
    parent: TraceParent | undefined,
    options: TelemetryOptions,
  ): Promise<ExportingTelemetry> {
    speakThrough(options);
    const queues = await openQueues(settings, options.warn);
    const attributes = await resourceAttributes(options.version, options.host);
    const sdk = withoutLogLevel(
      () =>
        new NodeSDK({
          resource: defaultResource().merge(resourceFromAttributes(attributes)),
          // In this order: OTEL_SERVICE_NAME comes before a service.name in OTEL_RESOURCE_ATTRIBUTES.
          resourceDetectors: [resourceAttributesEnvDetector, serviceNameEnvDetector],
          spanProcessors: [...queues],
          // Left out, each of these would export to localhost:4318.
          metricReaders: [],
          logRecordProcessors: [],
          textMapPropagator: null,
        }),
    );
    sdk.start();
    return new ExportingTelemetry(sdk, queues, parent, options);
  }

  run(name: string, attributes: Attributes = {}): RunTrace {
    for (const queue of this.#queues) queue.beginRun();
    const clock = Date.now() - performance.now();
    const startedAt = clock + performance.now();
    const span = this.#tracer.startSpan(name, { attributes, startTime: startedAt }, this.#above());
    const root = new ExportedSpan(this.#tracer, span, clock, startedAt);
    return { traceId: span.spanContext().traceId, root, drain: () => this.#drain() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sdk.shutdown().catch(() => {});
    for (const api of [trace, context, propagation, metrics, logs, diag]) api.disable();
  }

  #above(): Context {
    if (this.#parent === undefined) return ROOT_CONTEXT;
    const { traceId, spanId, sampled } = this.#parent;
    const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
    const traceState = createTraceState(this.#traceState);
    return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, traceState, isRemote: true });
  }

  async #drain(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.forceFlush()));
  }
}

class ExportedSpan implements TraceSpan {
  readonly #tracer: Tracer;
  readonly #span: Span;
  /** Wall clock minus monotonic clock, as it was when the run began: within a run no span goes backwards. */
  readonly #clock: number;
  readonly #startedAt: number;
  #ended = false;

  constructor(tracer: Tracer, span: Span, clock: number, startedAt: number) {
    this.#tracer = tracer;
    this.#span = span;
    this.#clock = clock;
    this.#startedAt = startedAt;
  }

  child(name: string, attributes: Attributes = {}, startedAt = this.#clock + performance.now()): TraceSpan {
    // From the root of all contexts: what happens to be active around the caller is not the parent.
    const above = trace.setSpan(ROOT_CONTEXT, this.#span);
    const span = this.#tracer.startSpan(name, { attributes, startTime: startedAt }, above);
    return new ExportedSpan(this.#tracer, span, this.#clock, startedAt);
  }

  set(attributes: Attributes): void {
    if (!this.#ended) this.#span.setAttributes(attributes);
  }

  end(failureCode?: string, endedAt = this.#clock + performance.now()): void {
    if (this.#ended) return;
    this.#ended = true;
    if (failureCode !== undefined) {
      this.#span.setAttribute('error.type', failureCode);
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: failureCode });
    }
    this.#span.end(Math.max(endedAt, this.#startedAt));
  }
}

async function openQueues({ otlp, console }: TraceSettings, warn: (message: string) => void): Promise<SpanQueue[]> {
  const queues: SpanQueue[] = [];
  if (otlp !== undefined) queues.push(queueFor(await openOtlp(otlp), new URL(otlp.url).origin, warn));
  if (console) queues.push(queueFor(new ConsoleExporter(), 'stderr', warn));
  return queues;
}

function queueFor(exporter: SpanExporter, where: string, warn: (message: string) => void): SpanQueue {
  const undelivered = (reason: string) =>
    warn(`traces do not arrive at ${where}: ${reason}; the run goes on without them`);
  return new SpanQueue({ exporter, patienceMs: PATIENCE_MS, pauseMs: PAUSE_MS, undelivered });
}

async function openOtlp({ url, protocol, timeoutMs }: OtlpSettings): Promise<SpanExporter> {
  // Each is loaded by sdk-node anyway; which one speaks is all that differs.
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter({ url, timeoutMillis: Math.min(timeoutMs, PATIENCE_MS) });
}

/** The SDK's own diagnostics: to `warn` and `debug` instead of the console, each text once, its arguments left out. */
function speakThrough({ env, warn, debug }: TelemetryOptions): void {
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
function withoutLogLevel<T>(make: () => T): T {
  const level = process.env.OTEL_LOG_LEVEL;
  delete process.env.OTEL_LOG_LEVEL;
  try {
    return make();
  } finally {
    if (level !== undefined) process.env.OTEL_LOG_LEVEL = level;
  }
}
