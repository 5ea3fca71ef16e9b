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
import {
  decodeLogs,
  decodeMetrics,
  decodeSpans,
  type ReceivedLog,
  type ReceivedPoint,
  type ReceivedSpan,
} from './otlp-json.ts';

export type { ReceivedLog, ReceivedPoint, ReceivedSpan } from './otlp-json.ts';

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Decompressed. */
  readonly body: Buffer;
}

/** How the receiver answers: it takes what comes, never answers at all, or answers with an HTTP status and this text. */
export type Behaviour = 'take' | 'hang' | { readonly status: number; readonly text?: string };

/**
 * A collector on loopback that decodes OTLP/HTTP with JSON encoding (OTLP 1.x, `http/json`), strictly: what it cannot decode it
 * refuses. Requests in any other encoding are kept undecoded. What comes counts as received only when it was taken.
 */
export class OtlpReceiver implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = [];
  readonly points: ReceivedPoint[] = [];
  readonly logs: ReceivedLog[] = [];
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
    try {
      if (request.headers['content-type'] === 'application/json') this.#take(request.url, JSON.parse(String(body)));
      response.writeHead(200, { 'content-type': request.headers['content-type'] }).end();
    } catch (error) {
      response.writeHead(400).end(String(error));
    }
  }

  #take(path: string | undefined, body: unknown): void {
    if (path === '/v1/traces') this.spans.push(...decodeSpans(body));
    else if (path === '/v1/metrics') this.points.push(...decodeMetrics(body));
    else if (path === '/v1/logs') this.logs.push(...decodeLogs(body));
    else throw new Error(`nothing is received at ${path}`);
  }
}
