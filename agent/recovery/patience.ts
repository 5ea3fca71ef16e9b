import { setTimeout } from 'node:timers/promises';
import { failureOf } from '../contract/index.ts';

/** How long it is waited before each further attempt; milliseconds. */
const WAITS: readonly number[] = [100, 500];
/** So many waits in a row may be in vain: a target that is gone for good is not waited for with each of its objects. */
const IN_VAIN = 8;

/**
 * Reads again what a target failed to give in a way that may pass: a restore of hours does not leave a file out for one lost answer. Shared
 * by all that is read from the same targets.
 */
export class Patience {
  readonly #signal: AbortSignal;
  readonly #waits: readonly number[];
  #left = IN_VAIN;

  constructor(signal: AbortSignal, waits = WAITS) {
    this.#signal = signal;
    this.#waits = waits;
  }

  /** What `read` gives, at the third attempt at the latest; else what the last one threw. Damage and absence are not read again. */
  async read<T>(read: () => Promise<T>): Promise<T> {
    for (const wait of this.#waits) {
      try {
        const given = await read();
        this.#left = IN_VAIN;
        return given;
      } catch (error) {
        if (!mayPass(error) || this.#left === 0) throw error;
        this.#left--;
        if (!(await this.#waited(wait))) throw error;
      }
    }
    return read();
  }

  /** Whether it was not given up meanwhile. */
  async #waited(ms: number): Promise<boolean> {
    await setTimeout(ms, undefined, { signal: this.#signal }).catch(() => {});
    return !this.#signal.aborted;
  }
}

function mayPass(error: unknown): boolean {
  const { origin, permanent } = failureOf(error, { code: 'READ_FAILED', origin: 'agent' });
  return origin === 'target' && !permanent;
}
