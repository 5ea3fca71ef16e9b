import { Libc } from './libc.ts';

/** A stretch of a file that is a hole, or is not. `end` is where it ends; Infinity when it is not known to. */
export interface Stretch {
  readonly hole: boolean;
  readonly from: number;
  readonly end: number;
}

/** Where an open file has holes, asked for as it is read from its start to its end. */
export class Holes {
  readonly #descriptor: number;
  #libc: Libc | undefined;
  #stretch: Stretch = { hole: false, from: 0, end: 0 };

  constructor(descriptor: number, libc = Libc.open()) {
    this.#descriptor = descriptor;
    this.#libc = libc;
  }

  /**
   * The stretch that the byte at `position` lies in. Data, without an end, where this Node or the file system cannot tell: then its zeros
   * are read, which comes to the same.
   */
  at(position: number): Stretch {
    if (position < this.#stretch.from || position >= this.#stretch.end) this.#stretch = this.#find(position);
    return this.#stretch;
  }

  #find(from: number): Stretch {
    const libc = this.#libc;
    if (libc === undefined) return { hole: false, from, end: Number.POSITIVE_INFINITY };
    try {
      const data = libc.nextData(this.#descriptor, from);
      if (data === undefined) return { hole: true, from, end: Number.POSITIVE_INFINITY };
      if (data > from) return { hole: true, from, end: data };
      const end = libc.nextHole(this.#descriptor, from);
      if (end > from) return { hole: false, from, end };
    } catch {
      // Said by no error that could matter: what cannot be told apart is read.
    }
    this.#libc = undefined;
    return { hole: false, from, end: Number.POSITIVE_INFINITY };
  }
}
