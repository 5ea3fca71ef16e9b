import { existsSync, readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { compileLibrary } from '../shared-library.ts';

export type Errno = 'EIO' | 'ENOSPC';

/** What befalls the n-th call, counted from 1: it, or it and all after it. */
export interface FailingCall {
  readonly nth: number;
  readonly errno: Errno;
  readonly mode: 'once' | 'from then on';
}

/** One call that was made: `link ok`, `fsync failed`. */
export interface MadeCall {
  readonly call: string;
  readonly failed: boolean;
}

/** The library that makes calls fail, compiled into a folder. */
export class Preload {
  readonly #library: string;
  readonly #log: string;

  constructor(folder: string) {
    this.#library = compileLibrary(new URL('./failing-calls.c', import.meta.url), folder);
    this.#log = join(folder, 'calls');
  }

  /** The environment of a process whose calls on paths with `below` in them are counted from now on. */
  env(below: string, plan?: FailingCall): Record<string, string> {
    rmSync(this.#log, { force: true });
    const { nth, errno, mode } = plan ?? {};
    const number = errno === undefined ? '' : String(constants.errno[errno]);
    const fails = `${number} ${nth}${mode === 'once' ? '' : ' on'}`;
    return {
      LD_PRELOAD: this.#library,
      HOLDFAST_TEST_CALLS_BELOW: below,
      HOLDFAST_TEST_CALLS_LOG: this.#log,
      ...(plan !== undefined && { HOLDFAST_TEST_CALLS_FAIL: fails }),
    };
  }

  /** The calls since {@link env}, in their order. */
  calls(): MadeCall[] {
    if (!existsSync(this.#log)) return [];
    const lines = readFileSync(this.#log, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => {
      const [call = '', outcome] = line.split(' ');
      return { call, failed: outcome === 'failed' };
    });
  }
}
