/** Pack buffers beside the one that each worker fills: what may be on its way to the targets while all workers go on. */
export function sparesFor(workers: number): number {
  return Math.max(1, Math.floor(workers / 2));
}

/** The spare pack buffers of a session, made when first needed, and who waits for one. */
export class SpareBuffers {
  readonly #free: ArrayBuffer[] = [];
  readonly #waiting: ((buffer: ArrayBuffer) => void)[] = [];
  #left: number;

  constructor(count: number) {
    this.#left = count;
  }

  /** Sends a buffer of `bytes` as soon as there is one; whoever asked first is served first. */
  ask(bytes: number, send: (buffer: ArrayBuffer) => void): void {
    const free = this.#free.pop();
    if (free !== undefined) send(free);
    else if (this.#left > 0) {
      this.#left--;
      send(new ArrayBuffer(bytes));
    } else this.#waiting.push(send);
  }

  /** Takes a buffer back that is not needed any more. */
  give(buffer: ArrayBuffer): void {
    const send = this.#waiting.shift();
    if (send === undefined) this.#free.push(buffer);
    else send(buffer);
  }
}
