import { type Failure, failureOf } from '../contract/index.ts';
import { Store, TargetError } from './store.ts';

/** Codes of a target that say something of what is put, and not that the target cannot be used. */
const OF_THE_OBJECT = new Set(['TARGET_CONFLICT', 'OBJECT_MISSING', 'KEY_INVALID', 'LOCK_UNSUPPORTED']);

/**
 * The targets of one run, of which one that fails is left out of the rest of it while another is left. Who was left out gets
 * nothing more, so that a snapshot lies only where everything was put that was put before it.
 */
export class Replicas {
  #store: Store;
  readonly #signal: AbortSignal;
  readonly #leftOut: Map<string, Failure>;

  /** `signal`: of the run. What fails because of it is no failure of a target. `leftOut`: those that were not even opened. */
  constructor(store: Store, signal: AbortSignal, leftOut: ReadonlyMap<string, Failure> = new Map()) {
    this.#store = store;
    this.#signal = signal;
    this.#leftOut = new Map(leftOut);
  }

  /** Those that are left, in the order of the policy; at least one. */
  get store(): Store {
    return this.#store;
  }

  /** Why each of the others is none of them any more, by name. */
  get leftOut(): ReadonlyMap<string, Failure> {
    return this.#leftOut;
  }

  /** Goes on without these; false when nothing would be left, and then nothing is changed. */
  leaveOut(failures: ReadonlyMap<string, Failure>): boolean {
    const rest = this.#store.targets.filter(({ name }) => !failures.has(name));
    if (rest.length === 0) return false;
    for (const { name } of this.#store.targets) {
      const failure = failures.get(name);
      if (failure !== undefined) this.#leftOut.set(name, failure);
    }
    this.#store = new Store(rest);
    return true;
  }

  /** Writes nothing to these for now, though nothing is wrong with them. Others are left. */
  setAside(names: ReadonlySet<string>): void {
    this.#store = new Store(this.#store.targets.filter(({ name }) => !names.has(name)));
  }

  /**
   * Goes on without the target that `error` is a failure of. Throws it when there is none, no other is left, or it says nothing of
   * the target: the run was cancelled, or the object is at fault.
   */
  doWithout(error: unknown): void {
    if (!(error instanceof TargetError) || this.#signal.aborted || !isOfTarget(error)) throw error;
    if (!this.leaveOut(new Map([[error.target, error.failure]]))) throw error;
  }

  /** As {@link Store.put}, on those that are left; it is stored when all have it that are left afterwards. */
  async put(key: string, body: Uint8Array, sha256?: string): Promise<void> {
    const { failed } = await this.#store.putOnEach(key, body, sha256);
    const [first] = failed;
    if (first === undefined) return;
    const other = failed.find((error) => !isOfTarget(error));
    if (this.#signal.aborted || other !== undefined) throw other ?? first;
    if (!this.leaveOut(new Map(failed.map(({ target, failure }) => [target, failure])))) throw first;
  }
}

function isOfTarget(error: TargetError): boolean {
  const { origin, code } = failureOf(error, { code: 'TARGET_IO', origin: 'target' });
  return origin === 'target' && !OF_THE_OBJECT.has(code);
}
