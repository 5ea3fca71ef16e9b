/**
 * The JSON encoding of OTLP 1.x (opentelemetry-proto, `http/json`), as a receiver gets it and as the Collector writes it to files.
 * Decoding is strict: what the protocol demands and is not there, or is of another shape, is an error.
 */

export type AttributeValue = string | number | boolean | readonly AttributeValue[] | null;
export type ReceivedAttributes = Readonly<Record<string, AttributeValue>>;

/** A span as it arrived. Times are nanoseconds since 1970; `status` is 0 unset, 1 ok, 2 error. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: ReceivedAttributes;
  readonly status: number;
  readonly statusMessage: string | undefined;
  readonly resource: ReceivedAttributes;
}

/** A log record as it arrived. Without a span its ids are empty. */
export interface ReceivedLog {
  readonly traceId: string;
  readonly spanId: string;
  readonly time: bigint;
  readonly severity: number;
  readonly severityText: string;
  readonly eventName: string;
  readonly body: AttributeValue;
  readonly attributes: ReceivedAttributes;
  readonly resource: ReceivedAttributes;
}

/** One data point as it arrived, with what its metric says of itself. */
export interface ReceivedPoint {
  readonly metric: string;
  readonly kind: 'sum' | 'gauge' | 'histogram';
  readonly unit: string;
  readonly description: string;
  /** Of a histogram the sum. */
  readonly value: number;
  readonly count: number | undefined;
  readonly bounds: readonly number[] | undefined;
  readonly attributes: ReceivedAttributes;
  readonly resource: ReceivedAttributes;
}

export function decodeSpans(request: unknown): ReceivedSpan[] {
  return itemsOf(request, 'resourceSpans', 'scopeSpans', 'spans').map(({ item, resource }) => ({
    traceId: idOf(item, 'traceId', 32),
    spanId: idOf(item, 'spanId', 16),
    parentSpanId: item['parentSpanId'] ? idOf(item, 'parentSpanId', 16) : undefined,
    name: text(item, 'name'),
    start: time(item, 'startTimeUnixNano'),
    end: time(item, 'endTimeUnixNano'),
    attributes: decodeAttributes(item['attributes']),
    status: Number(object(item['status'] ?? {})['code'] ?? 0),
    statusMessage: optionalText(object(item['status'] ?? {})['message']),
    resource,
  }));
}

export function decodeLogs(request: unknown): ReceivedLog[] {
  return itemsOf(request, 'resourceLogs', 'scopeLogs', 'logRecords').map(({ item, resource }) => ({
    traceId: item['traceId'] ? idOf(item, 'traceId', 32) : '',
    spanId: item['spanId'] ? idOf(item, 'spanId', 16) : '',
    time: time(item, 'timeUnixNano'),
    severity: Number(item['severityNumber'] ?? 0),
    severityText: optionalText(item['severityText']) ?? '',
    eventName: optionalText(item['eventName']) ?? '',
    body: decodeValue(object(item['body'] ?? {})),
    attributes: decodeAttributes(item['attributes']),
    resource,
  }));
}

const KINDS = ['sum', 'gauge', 'histogram'] as const;

export function decodeMetrics(request: unknown): ReceivedPoint[] {
  return itemsOf(request, 'resourceMetrics', 'scopeMetrics', 'metrics').flatMap(({ item, resource }) => {
    const kind = KINDS.find((one) => item[one] !== undefined);
    if (kind === undefined) throw new Error(`a metric has no data: ${JSON.stringify(item)}`);
    const data = object(item[kind]);
    if (kind !== 'gauge' && ![1, 2].includes(Number(data['aggregationTemporality']))) {
      throw new Error(`${text(item, 'name')} is neither delta nor cumulative`);
    }
    return list(data['dataPoints']).map((point) => ({
      metric: text(item, 'name'),
      kind,
      unit: optionalText(item['unit']) ?? '',
      description: optionalText(item['description']) ?? '',
      ...figuresOf(kind, point),
      attributes: decodeAttributes(point['attributes']),
      resource,
    }));
  });
}

function figuresOf(kind: ReceivedPoint['kind'], point: Wire): Pick<ReceivedPoint, 'value' | 'count' | 'bounds'> {
  time(point, 'timeUnixNano');
  if (kind !== 'histogram') {
    return { value: number(point['asInt'] ?? point['asDouble']), count: undefined, bounds: undefined };
  }
  const bounds = array(point['explicitBounds']).map(number);
  const counts = array(point['bucketCounts']).map(number);
  const count = number(point['count']);
  if (counts.length !== bounds.length + 1 || counts.reduce((sum, one) => sum + one, 0) !== count) {
    throw new Error(`buckets that do not fit: ${JSON.stringify(point)}`);
  }
  return { value: number(point['sum']), count, bounds };
}

type Wire = Readonly<Record<string, unknown>>;

interface Item {
  readonly item: Wire;
  readonly resource: ReceivedAttributes;
}

/** Everything two levels down, with the resource that sent it. */
function itemsOf(request: unknown, outer: string, scopes: string, inner: string): Item[] {
  return list(object(request)[outer]).flatMap((group) => {
    const resource = decodeAttributes(object(group['resource'] ?? {})['attributes']);
    return list(group[scopes]).flatMap((scope) => list(scope[inner]).map((item) => ({ item, resource })));
  });
}

function object(value: unknown): Wire {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notOne('object', value);
  return Object.fromEntries(Object.entries(value));
}

function array(value: unknown = []): readonly unknown[] {
  if (!Array.isArray(value)) throw notOne('list', value);
  return value;
}

function list(value: unknown): Wire[] {
  return array(value).map(object);
}

function number(value: unknown): number {
  // 64-bit integers are strings in this encoding.
  const found = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof found !== 'number' || !Number.isFinite(found)) throw notOne('number', value);
  return found;
}

function text(item: Wire, key: string): string {
  const found = optionalText(item[key]);
  if (!found) throw new Error(`${key} is missing: ${JSON.stringify(item)}`);
  return found;
}

function optionalText(value: unknown): string | undefined {
  if (value !== undefined && typeof value !== 'string') throw notOne('text', value);
  return value;
}

function idOf(item: Wire, key: string, digits: number): string {
  const id = text(item, key);
  if (!/^[0-9a-f]+$/.test(id) || id.length !== digits || /^0+$/.test(id)) throw new Error(`${key} is no id: ${id}`);
  return id;
}

function time(item: Wire, key: string): bigint {
  const nanoseconds = BigInt(String(item[key] ?? 0));
  if (nanoseconds <= 0n) throw new Error(`${key} is missing: ${JSON.stringify(item)}`);
  return nanoseconds;
}

function decodeAttributes(value: unknown): ReceivedAttributes {
  const pairs = list(value).map((pair) => [text(pair, 'key'), decodeValue(object(pair['value'] ?? {}))] as const);
  if (new Set(pairs.map(([key]) => key)).size !== pairs.length) throw new Error('an attribute is there twice');
  return Object.fromEntries(pairs);
}

function decodeValue(value: Wire): AttributeValue {
  const { stringValue, boolValue, intValue, doubleValue, arrayValue } = value;
  if (arrayValue !== undefined) return list(object(arrayValue)['values']).map(decodeValue);
  if (intValue !== undefined) return number(intValue);
  if (typeof boolValue === 'boolean') return boolValue;
  if (doubleValue !== undefined) return number(doubleValue);
  return optionalText(stringValue) ?? null;
}

function notOne(wanted: string, value: unknown): Error {
  return new Error(`no ${wanted}: ${JSON.stringify(value)}`);
}
