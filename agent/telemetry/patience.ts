/**
 * How long one run may be held up, in all, by collectors that do not take what they are sent: one allowance for every signal and
 * every drain together. Sending goes on beside the run and costs nothing; only waiting does.
 */
export class Patience {
  readonly #wholeMs: number;
  #leftMs: number;

  constructor(milliseconds: number) {
    this.#wholeMs = milliseconds;
    this.#leftMs = milliseconds;
  }

  renew(): void {
    this.#leftMs = this.#wholeMs;
  }

  /** Waits for `work` while patience lasts; whether it ended in time. Wait for everything at once: time counts once. */
  async covers(work: Promise<unknown>): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<false>();
    const begun = performance.now();
    const timer = setTimeout(resolve, this.#leftMs, false);
    try {
      return await Promise.race([work.then(() => true), late]);
    } finally {
      clearTimeout(timer);
      this.#leftMs = Math.max(0, this.#leftMs - (performance.now() - begun));
    }
  }
}
