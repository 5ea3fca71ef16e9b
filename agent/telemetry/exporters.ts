import type { LogRecordExporter } from '@opentelemetry/sdk-logs';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { OtlpSettings } from './settings.ts';

// Each is loaded by sdk-node anyway; which one speaks is all that differs. Headers, certificates and compression they read
// from the environment, those of their signal before those for all.

export async function otlpSpans(settings: OtlpSettings, patienceMs: number): Promise<SpanExporter> {
  const { OTLPTraceExporter } =
    settings.protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter(configOf(settings, patienceMs));
}

export async function otlpMetrics(settings: OtlpSettings, patienceMs: number): Promise<PushMetricExporter> {
  const { OTLPMetricExporter } =
    settings.protocol === 'http/json'
      ? await import('@opentelemetry/exporter-metrics-otlp-http')
      : await import('@opentelemetry/exporter-metrics-otlp-proto');
  return new OTLPMetricExporter(configOf(settings, patienceMs));
}

export async function otlpLogs(settings: OtlpSettings, patienceMs: number): Promise<LogRecordExporter> {
  const { OTLPLogExporter } =
    settings.protocol === 'http/json'
      ? await import('@opentelemetry/exporter-logs-otlp-http')
      : await import('@opentelemetry/exporter-logs-otlp-proto');
  return new OTLPLogExporter(configOf(settings, patienceMs));
}

/** Nobody waits longer for one batch than for all of them. */
function configOf({ url, timeoutMs }: OtlpSettings, patienceMs: number): { url: string; timeoutMillis: number } {
  return { url, timeoutMillis: Math.min(timeoutMs, patienceMs) };
}
