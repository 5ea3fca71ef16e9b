/** How an exporter of the SDK answers; code 0 is success. */
export interface ExportAnswer {
  readonly code: number;
  readonly error?: Error;
}

export interface ExportQueueOptions<T> {
  /** Sends a batch, and calls `done` once. */
  export(batch: T[], done: (answer: ExportAnswer) => void): void;
  /** How many go out at once. */
  readonly batch: number;
  /** How many may wait; beyond it the oldest go, and are counted. */
  readonly capacity: number;
  /** After a failure, how long until the next attempt. */
  readonly pauseMs: number;
}

/** What did not get through, and why: words that hold nothing of headers or answers. */
export interface Undelivered {
  readonly count: number;
  readonly reason: string;
  /** The collector answered that it will never take it. */
  readonly refused: boolean;
}

type Failed = Omit<Undelivered, 'count'>;

const TOO_SLOW: Failed = { reason: 'it is too slow', refused: false };
const UNANSWERED: Failed = { reason: 'it does not answer, or asks to come back later', refused: false };

/**
 * Exports what it is given in batches, one batch at a time, beside whoever gives it. It never blocks and never grows beyond its
 * capacity: what is pushed out, refused or still waiting is counted, and can be asked for.
 */
export class ExportQueue<T> {
  readonly #options: ExportQueueOptions<T>;
  #waiting: T[] = [];
  #underWay = 0;
  #sending: Promise<void> | undefined;
  #awayUntil = 0;
  /** Refused for good, or pushed out. */
  #lost = 0;
  #why: Failed | undefined;
  #closed = false;

  constructor(options: ExportQueueOptions<T>) {
    this.#options = options;
  }

  /** Forgets what was lost before. */
  begin(): void {
    this.#lost = 0;
    this.#why = undefined;
  }

  /** Tries at once, whatever failed before. */
  wake(): void {
    this.#awayUntil = 0;
  }

  push(item: T): void {
    if (this.#closed) return;
    this.#waiting.push(item);
    this.#keepWithin();
    if (this.#waiting.length >= this.#options.batch) this.#send();
  }

  /** Resolves when all was taken, or when the collector takes nothing for now. Never rejects. */
  async settled(): Promise<void> {
    this.#send();
    while (this.#sending !== undefined) await this.#sending;
  }

  /** What was lost since `begin`, or is not delivered yet. */
  get undelivered(): Undelivered | undefined {
    const unsent = this.#waiting.length + this.#underWay;
    const count = this.#lost + unsent;
    return count === 0 ? undefined : { ...(this.#why ?? (unsent > 0 ? UNANSWERED : TOO_SLOW)), count };
  }

  /** Whether nothing is under way any more: shutting an exporter down waits for what is. */
  close(): boolean {
    this.#closed = true;
    this.#waiting = [];
    return this.#sending === undefined;
  }

  #keepWithin(): void {
    const { batch, capacity } = this.#options;
    if (this.#waiting.length > capacity) this.#lost += this.#waiting.splice(0, batch).length;
  }

  #send(): void {
    const away = performance.now() < this.#awayUntil;
    if (this.#sending !== undefined || this.#waiting.length === 0 || this.#closed || away) return;
    const batch = this.#waiting.splice(0, this.#options.batch);
    this.#underWay = batch.length;
    this.#sending = this.#export(batch).then((failed) => {
      this.#sending = undefined;
      this.#underWay = 0;
      if (failed !== undefined) this.#failed(batch, failed);
      this.#send();
    });
  }

  #failed(batch: readonly T[], failed: Failed): void {
    this.#why = failed;
    if (failed.refused) {
      this.#lost += batch.length;
      return;
    }
    this.#awayUntil = performance.now() + this.#options.pauseMs;
    if (this.#closed) return;
    this.#waiting.unshift(...batch);
    this.#keepWithin();
  }

  #export(batch: T[]): Promise<Failed | undefined> {
    const { promise, resolve } = Promise.withResolvers<Failed | undefined>();
    try {
      this.#options.export(batch, ({ code, error }) => resolve(code === 0 ? undefined : failureOf(error)));
    } catch (thrown) {
      resolve(failureOf(thrown));
    }
    return promise;
  }
}

/** Only codes: messages of the exporter may repeat what the collector answered, or a header. */
function failureOf(error: unknown): Failed {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // A status the exporter did not retry: OTLP forbids to send the same again.
  if (typeof code === 'number') return { reason: `HTTP ${code}`, refused: true };
  if (typeof code === 'string') return { reason: code, refused: false };
  return UNANSWERED;
}
