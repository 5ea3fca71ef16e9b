/** How many artifacts of a run have spans of their own. */
export const SPANNED_ARTIFACTS = 256;

/** Keeps the `capacity` slowest of what it is given, in bounded memory. */
export class Slowest<T> {
  readonly #capacity: number;
  /** A binary heap, the fastest on top. */
  readonly #heap: { readonly item: T; readonly ms: number }[] = [];

  constructor(capacity: number = SPANNED_ARTIFACTS) {
    this.#capacity = capacity;
  }

  /** Takes one; returns what is no longer among the slowest, which may be the same one. */
  add(item: T, ms: number): T | undefined {
    const heap = this.#heap;
    if (heap.length < this.#capacity) {
      heap.push({ item, ms });
      this.#rise(heap.length - 1);
      return undefined;
    }
    const fastest = heap[0];
    if (fastest === undefined || ms <= fastest.ms) return item;
    heap[0] = { item, ms };
    this.#sink();
    return fastest.item;
  }

  /** Empties it. In no order. */
  take(): T[] {
    return this.#heap.splice(0).map(({ item }) => item);
  }

  #msAt(place: number): number {
    return this.#heap[place]?.ms ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }

  #rise(from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (this.#msAt(above) <= this.#msAt(place)) return;
      this.#swap(above, place);
      place = above;
    }
  }

  #sink(): void {
    let place = 0;
    for (;;) {
      const [left, right] = [2 * place + 1, 2 * place + 2];
      const below = this.#msAt(right) < this.#msAt(left) ? right : left;
      if (this.#msAt(below) >= this.#msAt(place)) return;
      this.#swap(below, place);
      place = below;
    }
  }
}
