import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InMemorySpanExporter, type ReadableSpan, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { SpanQueue } from './span-queue.ts';

type Done = Parameters<SpanExporter['export']>[1];

/** An exporter whose every batch is answered by the test. */
class HeldExporter implements SpanExporter {
  readonly batches: { readonly spans: readonly ReadableSpan[]; readonly done: Done }[] = [];
  isShutDown = false;
  export(spans: ReadableSpan[], done: Done): void {
    this.batches.push({ spans, done });
  }
  async shutdown(): Promise<void> {
    this.isShutDown = true;
  }
}

const taken = { code: 0 } as const;
const later = { code: 1, error: new Error('secret of the answer') } as const;
const refused = { code: 1, error: Object.assign(new Error('secret of the answer'), { code: 401 }) } as const;

test('spans of a burst go out in batches of 512, one at a time, and none is lost', async () => {
  const exporter = new HeldExporter();
  const { queue, make } = open(exporter);
  make(1100);
  const sizes: number[] = [];
  const drained = queue.forceFlush();
  for (let n = 0; n < 3; n++) {
    assert.equal(exporter.batches.length, n + 1, 'the next batch waits for the one before');
    sizes.push(exporter.batches[n]?.spans.length ?? 0);
    exporter.batches[n]?.done(taken);
    await turn();
  }
  await drained;
  assert.deepEqual(sizes, [512, 512, 76]);
});

test('a burst without a drain between loses nothing either', async () => {
  const exporter = new InMemorySpanExporter();
  const { queue, make, told } = open(exporter);
  make(20_000);
  await queue.forceFlush();
  assert.equal(new Set(exporter.getFinishedSpans().map((span) => span.spanContext().spanId)).size, 20_000);
  assert.deepEqual(told, []);
});

test('draining nothing asks nothing of the exporter', async () => {
  const exporter = new HeldExporter();
  const { queue } = open(exporter);
  await queue.forceFlush();
  await queue.shutdown();
  assert.deepEqual(exporter.batches, []);
  assert.ok(exporter.isShutDown);
});

test('a collector that hangs costs the patience of a run once, however often is drained', async () => {
  const exporter = new HeldExporter();
  const { queue, make, told } = open(exporter, { patienceMs: 20 });
  make(1);
  await queue.forceFlush();
  assert.deepEqual(told, ['it does not answer']);
  make(600);
  await queue.forceFlush();
  await queue.shutdown();
  assert.equal(exporter.batches.length, 1);
  assert.equal(exporter.isShutDown, false, 'shutting the exporter down would wait for the batch');
  assert.equal(told.length, 1);
});

test('a failed batch is kept, is not tried again before the pause is over, and then goes first', async () => {
  const exporter = new HeldExporter();
  const { queue, make, told } = open(exporter, { pauseMs: 30 });
  make(1);
  const failing = queue.forceFlush();
  exporter.batches[0]?.done(later);
  await failing;
  make(1);
  await queue.forceFlush();
  assert.equal(exporter.batches.length, 1);
  assert.equal(told.length, 1);
  assert.doesNotMatch(told[0] ?? '', /secret/);
  let drained = Promise.resolve();
  while (exporter.batches.length === 1) {
    await turn();
    drained = queue.forceFlush();
  }
  exporter.batches[1]?.done(taken);
  await drained;
  assert.equal(exporter.batches[1]?.spans.length, 2);
  assert.equal(exporter.batches[1]?.spans[0], exporter.batches[0]?.spans[0]);
});

test('what is refused for good is not sent again, and the next batch is sent', async () => {
  const exporter = new HeldExporter();
  const { queue, make, told } = open(exporter);
  make(600);
  const drained = queue.forceFlush();
  exporter.batches[0]?.done(refused);
  await turn();
  exporter.batches[1]?.done(taken);
  await drained;
  assert.deepEqual(
    exporter.batches.map(({ spans }) => spans.length),
    [512, 88],
  );
  assert.deepEqual(told, ['it answers HTTP 401']);
});

test('what is held for a collector that is away is bounded, and the newest is kept', async () => {
  const exporter = new HeldExporter();
  const { queue, make } = open(exporter, { pauseMs: 60_000 });
  make(1);
  const failing = queue.forceFlush();
  exporter.batches[0]?.done(later);
  await failing;
  make(20_000);
  assert.equal(exporter.batches.length, 1);
  queue.beginRun();
  const drained = queue.forceFlush();
  for (let n = 1; n < exporter.batches.length; n++) {
    exporter.batches[n]?.done(taken);
    await turn();
  }
  await drained;
  const names = exporter.batches.slice(1).flatMap(({ spans }) => spans.map((span) => span.name));
  assert.ok(names.length > 7000 && names.length <= 8192, `${names.length}`);
  assert.equal(names.at(-1), 'span 19999');
});

test('an exporter that throws is a collector that fails', async () => {
  const exporter = new HeldExporter();
  exporter.export = () => {
    throw Object.assign(new TypeError('Invalid character in header content ["secret"]'), { code: 'ERR_INVALID_CHAR' });
  };
  const { queue, make, told } = open(exporter);
  make(1);
  await queue.forceFlush();
  assert.deepEqual(told, ['ERR_INVALID_CHAR']);
});

test('a new run has patience again, tries at once and is told again', async () => {
  const exporter = new HeldExporter();
  const { queue, make, told } = open(exporter, { patienceMs: 10 });
  make(1);
  await queue.forceFlush();
  exporter.batches[0]?.done(later);
  await turn();
  queue.beginRun();
  const drained = queue.forceFlush();
  exporter.batches[1]?.done(later);
  await drained;
  assert.equal(told.length, 2);
});

test('a span that was sampled out is not sent', async () => {
  const exporter = new HeldExporter();
  const { queue } = open(exporter);
  const span = { spanContext: () => ({ traceFlags: 0, traceId: '', spanId: '' }) } as ReadableSpan;
  queue.onEnd(span);
  await queue.forceFlush();
  assert.deepEqual(exporter.batches, []);
});

function open(exporter: SpanExporter, options: { patienceMs?: number; pauseMs?: number } = {}) {
  const told: string[] = [];
  const undelivered = (reason: string) => told.push(reason);
  const queue = new SpanQueue({ exporter, patienceMs: 5000, pauseMs: 60_000, undelivered, ...options });
  const tracer = new TracerProvider({ spanProcessors: [queue] }).getTracer('test');
  const make = (count: number) => {
    for (let n = 0; n < count; n++) tracer.startSpan(`span ${n}`).end();
  };
  return { queue, make, told };
}

/** Lets everything run that is ready to. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
