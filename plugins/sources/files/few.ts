/** So many of a kind are held, and so many characters of their names: what is restored may be anything, and have been made to fill memory. */
export const MOST = 10_000;
const MOST_CHARACTERS = 1 << 20;

/** The first of many, and how many there are. */
export class Few {
  readonly #most: number;
  #held = 0;
  #characters = 0;
  count = 0;

  constructor(most = MOST) {
    this.#most = most;
  }

  /**
   * Counts one. Returns its name when it is among those that are held; after the first that is not, none is, and none is asked for: to
   * make it fit to be shown costs more than to count it.
   */
  take(nameOf: () => string): string | undefined {
    if (this.count++ > this.#held || this.#held === this.#most) return undefined;
    const name = nameOf();
    if (this.#characters + name.length > MOST_CHARACTERS) return undefined;
    this.#held++;
    this.#characters += name.length;
    return name;
  }

  get others(): number {
    return this.count - this.#held;
  }
}
