import { type Failure, HoldfastError } from '../contract/index.ts';

/** How long a source may take to notice that the run was cancelled. */
const SOURCE_GRACE_MS = 2000;

/** Work that does not notice the end of a run, of a source or a target, is left behind after a moment: nobody waits for it for ever. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal, graceMs = SOURCE_GRACE_MS): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  let grace: NodeJS.Timeout | undefined;
  const onAbort = () => {
    grace = setTimeout(() => reject(new HoldfastError(cancelled())), graceMs);
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearTimeout(grace);
    work.catch(() => {});
  }
}

/** The longest that a timer waits; it would go off at once for anything longer. Milliseconds: 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A run's own signal: aborted with `signal`, or when `timeoutMs` have passed (0: never). Says which it was. */
export class Deadline implements Disposable {
  readonly signal: AbortSignal;
  readonly #timeoutMs: number;
  readonly #overdue = new AbortController();
  readonly #asked: AbortSignal;
  #timer: NodeJS.Timeout | undefined;

  constructor(asked: AbortSignal, timeoutMs: number) {
    this.#asked = asked;
    this.#timeoutMs = timeoutMs;
    this.signal = AbortSignal.any([asked, this.#overdue.signal]);
    if (timeoutMs > 0) this.#wait(timeoutMs);
  }

  /** What the run ends with because of it; undefined when it was not the reason. */
  get failure(): Failure | undefined {
    if (this.#asked.aborted) return cancelled();
    return this.#overdue.signal.aborted ? overdue(this.#timeoutMs) : undefined;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #wait(ms: number): void {
    const rest = ms - LONGEST_TIMER_MS;
    const then = () => (rest > 0 ? this.#wait(rest) : this.#overdue.abort());
    this.#timer = setTimeout(then, Math.min(ms, LONGEST_TIMER_MS));
  }
}

function overdue(timeoutMs: number): Failure {
  return {
    code: 'RUN_TIMEOUT',
    message: `the run took longer than its timeout of ${timeoutMs / 1000} s and was cancelled; no snapshot was made`,
    origin: 'agent',
    permanent: false,
    hint: 'what was stored is kept: the next run goes on from there; `timeout` of the job says how long it may take',
  };
}

/** What a cancelled run ends with. */
export function cancelled(): Failure {
  return {
    code: 'CANCELLED',
    message: 'the run was cancelled; no snapshot was made',
    origin: 'agent',
    permanent: false,
    hint: 'what was stored is kept: the next run goes on from there',
  };
}
