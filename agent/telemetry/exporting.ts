import {
  type Context,
  context,
  createTraceState,
  diag,
  logs,
  metrics,
  propagation,
  ROOT_CONTEXT,
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
import type { Json, Logger, Span } from '../contract/index.ts';
import { Delivery } from './delivery.ts';
import { speakThrough, withoutLogLevel } from './diagnostics.ts';
import { ExportedSpan } from './exported-span.ts';
import { LogWriter } from './log-writer.ts';
import { Meter } from './meter.ts';
import { resourceAttributes } from './resource.ts';
import type { TelemetrySettings } from './settings.ts';
import type { Attributes, RunTrace, Severity, Telemetry, TelemetryOptions } from './trace.ts';
import type { TraceParent } from './traceparent.ts';

export class ExportingTelemetry implements Telemetry {
  readonly exporting = true;
  readonly #sdk: NodeSDK;
  readonly #delivery: Delivery;
  readonly #tracer: Tracer;
  readonly #logs: LogWriter;
  readonly #meter: Meter;
  readonly #parent: TraceParent | undefined;
  readonly #traceState: string;

  private constructor(sdk: NodeSDK, delivery: Delivery, parent: TraceParent | undefined, options: TelemetryOptions) {
    this.#sdk = sdk;
    this.#delivery = delivery;
    this.#tracer = trace.getTracer('holdfast', options.version);
    this.#logs = new LogWriter(options.version);
    this.#meter = new Meter(options.version);
    this.#parent = parent;
    this.#traceState = options.env.TRACESTATE ?? '';
  }

  static async start(
    settings: TelemetrySettings,
    parent: TraceParent | undefined,
    options: TelemetryOptions,
  ): Promise<ExportingTelemetry> {
    speakThrough(options);
    const delivery = await Delivery.open(settings, options.warn);
    const attributes = await resourceAttributes(options.version, options.host);
    const sdk = withoutLogLevel(
      () =>
        new NodeSDK({
          resource: defaultResource().merge(resourceFromAttributes(attributes)),
          // In this order: OTEL_SERVICE_NAME comes before a service.name in OTEL_RESOURCE_ATTRIBUTES.
          resourceDetectors: [resourceAttributesEnvDetector, serviceNameEnvDetector],
          // Also where no span is exported: it is this that gives log records their ids.
          spanProcessors: [delivery.spans],
          logRecordProcessors: [delivery.logs],
          // Left out or undefined, it would export to localhost:4318.
          metricReaders: [...delivery.metrics],
          textMapPropagator: null,
        }),
    );
    sdk.start();
    return new ExportingTelemetry(sdk, delivery, parent, options);
  }

  run(name: string, attributes: Attributes = {}): RunTrace {
    this.#delivery.beginRun();
    const clock = Date.now() - performance.now();
    const startedAt = clock + performance.now();
    const span = this.#tracer.startSpan(name, { attributes, startTime: startedAt }, this.#above());
    const root = new ExportedSpan(this.#tracer, span, clock, startedAt);
    return {
      traceId: span.spanContext().traceId,
      root,
      measure: (instrument, value, by) => this.#meter.record(instrument, value, by),
      log: (entry) => this.#logs.write(span, entry),
      end: async (failureCode) => {
        root.end(failureCode);
        await this.#delivery.deliver();
      },
    };
  }

  logger(log: Logger, span: Span): Logger {
    if (!(span instanceof ExportedSpan)) return log;
    const both = (severity: 'debug' | 'info' | 'warn') => (message: string, fields?: Json) => {
      log[severity](message, fields);
      this.#write(span, severity, message, fields);
    };
    return { debug: both('debug'), info: both('info'), warn: both('warn') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#delivery.close();
    await this.#sdk.shutdown().catch(() => {});
    for (const api of [trace, context, propagation, metrics, logs, diag]) api.disable();
  }

  #write({ span }: ExportedSpan, severity: Severity, message: string, fields: Json | undefined): void {
    const attributes = fields === undefined ? {} : { 'holdfast.log.fields': JSON.stringify(fields) };
    this.#logs.write(span, { severity, message, attributes });
  }

  #above(): Context {
    if (this.#parent === undefined) return ROOT_CONTEXT;
    const { traceId, spanId, sampled } = this.#parent;
    const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
    const traceState = createTraceState(this.#traceState);
    return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, traceState, isRemote: true });
  }
}
