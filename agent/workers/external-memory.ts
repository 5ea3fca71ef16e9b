import { setFlagsFromString } from 'node:v8';

/** How much a thread may leave behind before it is collected; bytes. */
const ALLOWANCE = 8 * 1024 * 1024;
/**
 * Of so many collections one is a major one: what was in use during two minor ones counts as old, and they do not look there. A heap as
 * small as that of a thread would not be looked through for a long time otherwise; it costs a fiftieth of the time of a run.
 */
const MAJOR_EVERY = 4;

/**
 * Keeps the buffers that zlib and the ciphers make from piling up. Their bytes lie outside of V8's heap, which sees only small
 * handles and would let some 64 MiB of them gather in each thread; a minor collection takes well under a millisecond.
 */
export class ExternalMemory {
  #left = 0;
  #collections = 0;

  /** Says that `bytes` were allocated outside of the heap and are not needed any more. */
  released(bytes: number): void {
    this.#left += bytes;
    if (this.#left < ALLOWANCE) return;
    this.#left = 0;
    globalThis.gc?.({ type: ++this.#collections % MAJOR_EVERY === 0 ? 'major' : 'minor', execution: 'sync' });
  }
}

/**
 * Gives the memory of a buffer back now: nobody needs anything in it any more. What is left to the collection of garbage counts as a
 * burden until then, and many large buffers make it look through the whole heap again and again. What small Buffers share
 * is never that long, and stays.
 */
export function giveBack(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > 2 * Buffer.poolSize) buffer.transfer(0);
}

/** Makes `gc` available in the threads that are started from now on. */
export function exposeCollection(): void {
  setFlagsFromString('--expose-gc');
}
