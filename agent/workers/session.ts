import { availableParallelism } from 'node:os';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { type Failure, fail, failureOf, HoldfastError } from '../contract/index.ts';
import { addCounters, type Counters, noCounters } from './counters.ts';
import { exposeCollection } from './external-memory.ts';
import {
  CANCELLED,
  type FromWorker,
  RETURNED,
  type ReadRequest,
  type ReadSetup,
  type Reply,
  type SealedPack,
  type StoreRequest,
  type StoreSetup,
} from './messages.ts';
import { SpareBuffers, sparesFor } from './spare-buffers.ts';

type TransferList = NonNullable<NonNullable<Parameters<Piscina['run']>[1]>['transferList']>;
type Request = StoreRequest | ReadRequest;
type ReplyTo<R extends Request> = Extract<Reply, { kind: R['kind'] }>;

/** Requests a worker may have waiting; one more than it works on, so that it never waits for the main thread. */
const QUEUE = 2;
const GRACE_MS = 1000;

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: unknown): void;
}

interface Hand {
  readonly number: number;
  readonly reads: boolean;
  readonly port: MessagePort;
  readonly buffers: MessagePort;
  readonly waiting: Map<number, Waiting>;
  readonly done: Promise<void>;
}

export interface SessionOptions {
  readonly workers: number;
  /** The setup of each worker, by its number; all share one control block. */
  setup(worker: number, control: SharedArrayBuffer): StoreSetup | ReadSetup;
  /** Stores a sealed pack; the worker gets its buffer back when this resolves. A rejection ends the session. */
  onPack?(sealed: SealedPack): Promise<void>;
  readonly signal: AbortSignal;
}

/** From a folder beside this one too: there it lies when the agent is built. */
const ENTRY = new URL(import.meta.url.endsWith('.ts') ? '../workers/entry.ts' : '../workers/entry.js', import.meta.url);

/**
 * A set of workers, each on one long task. The only user of piscina.
 *
 * Requests go to the worker with the shortest queue. The first failure, of a request, a worker or a pack, ends the session: every
 * open request is rejected with it, and the workers are stopped by the flag and, a second later, by termination. Only damage
 * that a reading worker finds is its request's alone.
 */
export class WorkerSession implements AsyncDisposable {
  readonly #pool: Piscina;
  readonly #hands: Hand[] = [];
  readonly #control: Int32Array;
  readonly #options: SessionOptions;
  readonly #onAbort: () => void;
  #next = 0;
  #failure: Failure | undefined;
  #packs = new Set<Promise<void>>();
  readonly #spares: SpareBuffers;
  #room: (() => void)[] = [];
  #closed = false;
  readonly #endListeners = new Set<(error: HoldfastError) => void>();

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#spares = new SpareBuffers(sparesFor(options.workers));
    const control = new SharedArrayBuffer((RETURNED + options.workers) * 4);
    this.#control = new Int32Array(control);
    exposeCollection();
    this.#pool = new Piscina({
      filename: ENTRY.href,
      minThreads: options.workers,
      maxThreads: options.workers,
      concurrentTasksPerWorker: 1,
      resourceLimits: { maxYoungGenerationSizeMb: 6, maxOldGenerationSizeMb: 256 },
    });
    // Piscina emits this when an abort races a task that has just ended; without a listener the process would die.
    this.#pool.on('error', (error) => this.#end(failureOf(error, { code: 'WORKER_FAILED', origin: 'agent' })));
    for (let n = 0; n < options.workers; n++) this.#hands.push(this.#hire(n, options.setup(n, control)));
    this.#onAbort = () => this.#end(cancelled());
    if (options.signal.aborted) this.#onAbort();
    else options.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Sends a request to the least busy worker. Rejects with the session's failure. */
  async send<R extends Request>(request: R, transfer: readonly ArrayBuffer[] = []): Promise<ReplyTo<R>> {
    await this.room();
    let best = this.#hands[0] as Hand;
    for (const hand of this.#hands) if (hand.waiting.size < best.waiting.size) best = hand;
    return this.#ask(best, request, transfer);
  }

  /** Sends a request to every worker. */
  async sendAll<R extends Request>(request: R): Promise<ReplyTo<R>[]> {
    return Promise.all(this.#hands.map((hand) => this.#ask(hand, request, [])));
  }

  /** Resolves when some worker has room for a request: the backpressure of whoever feeds the session. */
  async room(): Promise<void> {
    while (this.#failure === undefined && this.#hands.every((hand) => hand.waiting.size >= QUEUE)) {
      await new Promise<void>((resolve) => this.#room.push(resolve));
    }
    if (this.#failure !== undefined) fail(this.#failure);
  }

  /** Lets every worker seal what it holds and end, and waits until every pack is stored. Returns what belonged to no artifact. */
  async finish(): Promise<Counters> {
    const counters = noCounters();
    for (const reply of await this.sendAll({ kind: 'finish' })) addCounters(counters, reply.counters);
    while (this.#packs.size > 0) await Promise.all(this.#packs);
    if (this.#failure !== undefined) fail(this.#failure);
    await Promise.all(this.#hands.map((hand) => hand.done));
    this.#closed = true;
    this.#closePorts();
    return counters;
  }

  /** Calls `listener` when the session ends with a failure, at once if it has. Returns what takes it back. */
  onEnd(listener: (error: HoldfastError) => void): () => void {
    if (this.#failure !== undefined) listener(new HoldfastError(this.#failure));
    this.#endListeners.add(listener);
    return () => this.#endListeners.delete(listener);
  }

  /** Ends the session from outside, for instance when the source failed. */
  cancel(): void {
    this.#end(cancelled());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    if (!this.#closed) {
      this.#end(cancelled());
      await withinGrace(Promise.allSettled(this.#hands.map((hand) => hand.done)));
      await Promise.allSettled(this.#packs);
    }
    // Piscina waits for the exit of each thread, for ever when one has just exited by itself: it was told to end, that is enough.
    await withinGrace(this.#pool.destroy());
  }

  #hire(number: number, setup: StoreSetup | ReadSetup): Hand {
    const requests = new MessageChannel();
    const buffers = new MessageChannel();
    const task = { setup, port: requests.port2, buffers: buffers.port2 };
    // Piscina derives this type from an overload of postMessage that takes options; at run time it is a list.
    const transferList = [requests.port2, buffers.port2] as unknown as TransferList;
    // A task may be seen to end before its last message is; so the ports are closed by whoever waited for both.
    const done = this.#pool
      .run(task, { transferList })
      .then(undefined, (error: unknown) => this.#end(failureOf(error, { code: 'WORKER_FAILED', origin: 'agent' })));
    const reads = setup.kind === 'read';
    const hand: Hand = { number, reads, port: requests.port1, buffers: buffers.port1, waiting: new Map(), done };
    hand.port.on('message', (message: FromWorker) => this.#receive(hand, message));
    return hand;
  }

  #ask<R extends Request>(hand: Hand, request: R, transfer: readonly ArrayBuffer[]): Promise<ReplyTo<R>> {
    if (this.#failure !== undefined) return Promise.reject(new HoldfastError(this.#failure));
    const n = this.#next++;
    return new Promise((resolve, reject) => {
      hand.waiting.set(n, { resolve: resolve as (reply: Reply) => void, reject });
      hand.port.postMessage({ ...request, n }, transfer as ArrayBuffer[]);
    });
  }

  #receive(hand: Hand, message: FromWorker): void {
    if (message.kind === 'pack') {
      this.#take(hand, message.sealed);
      return;
    }
    const waiting = hand.waiting.get(message.n);
    hand.waiting.delete(message.n);
    if (message.kind === 'failed') {
      waiting?.reject(new HoldfastError(this.#failure ?? message.failure));
      // What is damaged in the repository fails whoever asked for it; the rest can still be read.
      if (!hand.reads || message.failure.origin !== 'repository') this.#end(message.failure);
    } else {
      waiting?.resolve(message);
    }
    this.#wake();
  }

  #take(hand: Hand, sealed: SealedPack): void {
    this.#spares.ask(sealed.bytes.buffer.byteLength, (buffer) => {
      hand.buffers.postMessage(buffer, [buffer]);
      Atomics.add(this.#control, RETURNED + hand.number, 1);
      Atomics.notify(this.#control, RETURNED + hand.number);
    });
    const stored = (async () => {
      try {
        if (this.#failure === undefined) await this.#options.onPack?.(sealed);
      } catch (error) {
        this.#end(failureOf(error, { code: 'PACK_NOT_STORED', origin: 'repository' }));
      }
      this.#spares.give(sealed.bytes.buffer as ArrayBuffer);
    })();
    this.#packs.add(stored);
    void stored.finally(() => this.#packs.delete(stored));
  }

  #end(failure: Failure): void {
    if (this.#failure !== undefined || this.#closed) return;
    this.#failure = failure;
    Atomics.store(this.#control, CANCELLED, 1);
    for (const hand of this.#hands) {
      Atomics.notify(this.#control, RETURNED + hand.number);
      for (const waiting of hand.waiting.values()) waiting.reject(new HoldfastError(failure));
      hand.waiting.clear();
    }
    this.#closePorts();
    this.#wake();
    for (const listener of this.#endListeners) listener(new HoldfastError(failure));
  }

  #closePorts(): void {
    for (const hand of this.#hands) {
      hand.port.close();
      hand.buffers.close();
    }
  }

  #wake(): void {
    const room = this.#room;
    this.#room = [];
    for (const resolve of room) resolve();
  }
}

async function withinGrace(work: Promise<unknown>): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, GRACE_MS);
  try {
    await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}

/** As many workers as the policy allows, the processors available otherwise; never more than 64. */
export function workerCount(limit: number | undefined): number {
  return Math.max(1, Math.min(limit ?? availableParallelism(), 64));
}

function cancelled(): Failure {
  return { code: 'CANCELLED', message: 'the run was cancelled', origin: 'agent', permanent: false };
}
