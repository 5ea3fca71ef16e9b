import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ExportAnswer, ExportQueue, type ExportQueueOptions } from './export-queue.ts';

/** An exporter whose every batch is answered by the test. */
class HeldExporter {
  readonly batches: { readonly items: readonly number[]; readonly done: (answer: ExportAnswer) => void }[] = [];
  export(items: readonly number[], done: (answer: ExportAnswer) => void): void {
    this.batches.push({ items, done });
  }
  async answer(place: number, answer: ExportAnswer): Promise<void> {
    this.batches[place]?.done(answer);
    await turn();
  }
}

const taken = { code: 0 } as const;
const later = { code: 1, error: new Error('secret of the answer') } as const;
const refused = { code: 1, error: Object.assign(new Error('secret of the answer'), { code: 401 }) } as const;

test('a burst goes out in batches, one at a time and in order, and none is lost', async () => {
  const { queue, exporter, push } = open();
  push(25);
  const settled = queue.settled();
  for (let n = 0; n < 3; n++) {
    assert.equal(exporter.batches.length, n + 1, 'the next batch waits for the one before');
    await exporter.answer(n, taken);
  }
  await settled;
  assert.deepEqual(
    exporter.batches.flatMap(({ items }) => items),
    [...Array(25).keys()],
  );
  assert.equal(queue.undelivered, undefined);
});

test('with nothing to send nothing is asked of the exporter', async () => {
  const { queue, exporter } = open();
  await queue.settled();
  assert.equal(queue.close(), true);
  assert.deepEqual(exporter.batches, []);
});

test('what does not fit is counted: the oldest go, and the newest are kept', async () => {
  const { queue, exporter, push } = open();
  push(1000);
  assert.deepEqual(queue.undelivered, { count: 1000, reason: UNANSWERED, refused: false });
  const settled = queue.settled();
  for (let n = 0; n < exporter.batches.length; n++) await exporter.answer(n, taken);
  await settled;
  const sent = exporter.batches.flatMap(({ items }) => items);
  assert.ok(sent.length <= 60 && sent.at(-1) === 999, `${sent.length}`);
  assert.deepEqual(queue.undelivered, { count: 1000 - sent.length, reason: 'it is too slow', refused: false });
  queue.begin();
  assert.equal(queue.undelivered, undefined, 'a new run is not told of it again');
});

test('a failed batch is kept, is not tried again before the pause is over, and then goes first', async () => {
  const { queue, exporter, push } = open({ pauseMs: 30 });
  push(1);
  const failing = queue.settled();
  await exporter.answer(0, later);
  await failing;
  push(1);
  await queue.settled();
  assert.equal(exporter.batches.length, 1);
  assert.deepEqual(queue.undelivered, { count: 2, reason: UNANSWERED, refused: false });
  let settled = Promise.resolve();
  while (exporter.batches.length === 1) {
    await turn();
    settled = queue.settled();
  }
  await exporter.answer(1, taken);
  await settled;
  assert.deepEqual(exporter.batches[1]?.items, [0, 1]);
  assert.equal(queue.undelivered, undefined);
});

test('when it is woken it tries at once', async () => {
  const { queue, exporter, push } = open();
  push(1);
  const failing = queue.settled();
  await exporter.answer(0, later);
  await failing;
  queue.begin();
  void queue.settled();
  assert.equal(exporter.batches.length, 1);
  queue.wake();
  void queue.settled();
  assert.equal(exporter.batches.length, 2);
});

test('what is kept for a collector that fails again and again stays bounded', async () => {
  const { queue, exporter, push } = open();
  for (let n = 0; n < 20; n++) {
    push(60);
    queue.begin();
    queue.wake();
    const settled = queue.settled();
    await exporter.answer(n, later);
    await settled;
  }
  assert.ok((queue.undelivered?.count ?? 0) <= 60, `${queue.undelivered?.count}`);
});

test('what is refused for good is not sent again, is counted, and the next batch is sent', async () => {
  const { queue, exporter, push } = open();
  push(12);
  const settled = queue.settled();
  await exporter.answer(0, refused);
  await exporter.answer(1, taken);
  await settled;
  assert.deepEqual(
    exporter.batches.map(({ items }) => items.length),
    [10, 2],
  );
  assert.equal(queue.undelivered?.count, 10);
});

test('the reason of what was refused stays when later batches are taken', async () => {
  const { queue, exporter, push } = open();
  push(12);
  const settled = queue.settled();
  await exporter.answer(0, refused);
  await exporter.answer(1, taken);
  await settled;
  assert.deepEqual(queue.undelivered, { count: 10, reason: 'HTTP 401', refused: true });
});

test('a batch under way counts as not delivered, and closing says that it is not done', async () => {
  const { queue, push } = open();
  push(10);
  assert.deepEqual(queue.undelivered, { count: 10, reason: UNANSWERED, refused: false });
  assert.equal(queue.close(), false);
  queue.push(1);
  assert.equal(queue.undelivered?.count, 10, 'nothing is taken after closing');
});

test('an exporter that throws is a collector that fails, and says no more than a code', async () => {
  const { queue, push } = open({
    export: () => {
      throw Object.assign(new TypeError('Invalid character in header content ["secret"]'), {
        code: 'ERR_INVALID_CHAR',
      });
    },
  });
  push(1);
  await queue.settled();
  assert.deepEqual(queue.undelivered, { count: 1, reason: 'ERR_INVALID_CHAR', refused: false });
});

const UNANSWERED = 'it does not answer, or asks to come back later';

function open(options: Partial<ExportQueueOptions<number>> = {}) {
  const exporter = new HeldExporter();
  const queue = new ExportQueue<number>({
    export: (items, done) => exporter.export(items, done),
    batch: 10,
    capacity: 50,
    pauseMs: 60_000,
    ...options,
  });
  let next = 0;
  const push = (count: number) => {
    for (let n = 0; n < count; n++) queue.push(next++);
  };
  return { queue, exporter, push };
}

/** Lets everything run that is ready to. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
