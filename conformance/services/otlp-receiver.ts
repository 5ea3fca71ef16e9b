import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

export type AttributeValue = string | number | boolean | readonly AttributeValue[] | null;

/** A span as it arrived. Times are nanoseconds since 1970; `status` is 0 unset, 1 ok, 2 error. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly status: number;
  readonly statusMessage: string | undefined;
  readonly resource: Readonly<Record<string, AttributeValue>>;
}

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Decompressed. */
  readonly body: Buffer;
}

/** How the receiver answers: it takes spans, never answers at all, or answers with an HTTP status and this text. */
export type Behaviour = 'take' | 'hang' | { readonly status: number; readonly text?: string };

/**
 * A collector on loopback that decodes OTLP/HTTP with JSON encoding (OTLP 1.x, `http/json`). Requests in any other encoding are
 * kept undecoded. Spans count as received only when they were taken.
 */
export class OtlpReceiver implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = [];
  readonly requests: ReceivedRequest[] = [];
  behaviour: Behaviour = 'take';
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#receive(request, response));
  }

  static async open(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  get endpoint(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the receiver is closed');
    return `http://127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const received = await buffer(request);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(received) : received;
    this.requests.push({ path: request.url ?? '', headers: request.headers, body });
    if (this.behaviour === 'hang') return;
    if (this.behaviour !== 'take') {
      response.writeHead(this.behaviour.status).end(this.behaviour.text);
      return;
    }
    if (request.headers['content-type'] === 'application/json')
      this.spans.push(...decodeSpans(JSON.parse(String(body))));
    response.writeHead(200, { 'content-type': request.headers['content-type'] }).end();
  }
}

// The JSON encoding of opentelemetry-proto's ExportTraceServiceRequest, as far as it is read here.
interface Request {
  resourceSpans?: { resource?: { attributes?: KeyValue[] }; scopeSpans?: { spans?: WireSpan[] }[] }[];
}
interface WireSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: KeyValue[];
  status?: { code?: number; message?: string };
}
interface KeyValue {
  key: string;
  value: WireValue;
}
interface WireValue {
  stringValue?: string;
  boolValue?: boolean;
  intValue?: string | number;
  doubleValue?: number;
  arrayValue?: { values?: WireValue[] };
}

function decodeSpans(request: Request): ReceivedSpan[] {
  return (request.resourceSpans ?? []).flatMap(({ resource, scopeSpans = [] }) => {
    const sender = decodeAttributes(resource?.attributes);
    return scopeSpans.flatMap(({ spans = [] }) => spans.map((span) => decodeSpan(span, sender)));
  });
}

function decodeSpan(span: WireSpan, resource: ReceivedSpan['resource']): ReceivedSpan {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId || undefined,
    name: span.name,
    start: BigInt(span.startTimeUnixNano),
    end: BigInt(span.endTimeUnixNano),
    attributes: decodeAttributes(span.attributes),
    status: span.status?.code ?? 0,
    statusMessage: span.status?.message,
    resource,
  };
}

function decodeAttributes(list: readonly KeyValue[] = []): Record<string, AttributeValue> {
  return Object.fromEntries(list.map(({ key, value }) => [key, decodeValue(value)]));
}

function decodeValue(value: WireValue): AttributeValue {
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(decodeValue);
  // 64-bit integers are strings in this encoding.
  if (value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? null;
}
