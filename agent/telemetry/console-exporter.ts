import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';

/** `OTEL_TRACES_EXPORTER=console`: a line of JSON per span, on stderr, since stdout is for data. The SDK's own writes to stdout. */
export class ConsoleExporter implements SpanExporter {
  export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    process.stderr.write(spans.map((span) => `${JSON.stringify(summary(span))}\n`).join(''), () => done({ code: 0 }));
  }

  async shutdown(): Promise<void> {}
}

function summary(span: ReadableSpan) {
  const { traceId, spanId } = span.spanContext();
  const [seconds, nanoseconds] = span.startTime;
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    name: span.name,
    started: new Date(seconds * 1000 + nanoseconds / 1e6).toISOString(),
    seconds: span.duration[0] + span.duration[1] / 1e9,
    attributes: span.attributes,
  };
}
