/** Runs at most `limit` tasks at once. A task deals with its own failures: one that throws ends the whole. */
export class InFlight {
  readonly #limit: number;
  #open = 0;
  #broken: { readonly error: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Starts `task` when there is room, and `mayStart` agrees; when nothing else is under way, at once. */
  async start(task: () => Promise<void>, mayStart = () => true): Promise<void> {
    await this.#until(() => this.#open === 0 || (this.#open < this.#limit && mayStart()));
    this.#open++;
    task()
      .catch((error: unknown) => {
        this.#broken ??= { error };
      })
      .finally(() => {
        this.#open--;
        this.#wake();
      });
  }

  /** Resolves when every task has ended. */
  async ended(): Promise<void> {
    await this.#until(() => this.#open === 0);
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    if (this.#broken !== undefined) throw this.#broken.error;
  }
}
