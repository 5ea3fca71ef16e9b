import { type Failure, failureOf } from '../contract/index.ts';
import { snapshotPrefix } from '../repository/layout.ts';
import { Store } from '../repository/store.ts';
import { type CatchUpOptions, type Copied, catchUp, stillBehind } from './catching-up.ts';
import type { TargetReport } from './run-report.ts';

const ENDED = 'the run ended before all was copied';

export interface BehindTargetsOptions extends Omit<CatchUpOptions, 'target' | 'from'> {
  /** The targets that were reached, all of them. */
  readonly reached: Store;
  /** The snapshot of this run. */
  readonly snapshot: string;
}

/** The targets of a run that lack what others have of its job: what was copied to each, and why it did not get to its end. */
export class BehindTargets {
  /** That lacked something when the run began. */
  readonly #behind = new Map<string, { readonly copied: Copied; failure: Failure | undefined }>();
  readonly #caughtUp = new Map<string, Copied>();

  get names(): ReadonlySet<string> {
    return new Set(this.#behind.keys());
  }

  add(names: Iterable<string>): void {
    for (const name of names) this.#behind.set(name, { copied: nothing(), failure: undefined });
  }

  /**
   * Brings each target what it lacks of this job, when the snapshot of the run is safe. What goes wrong is theirs: it is reported of
   * them, and what else there is goes to `tell`.
   */
  async catchUp(o: BehindTargetsOptions, tell: (problem: Failure) => void): Promise<void> {
    for (const target of o.reached.targets) {
      const from = new Store(o.reached.targets.filter((other) => other !== target));
      if (from.targets.length === 0) continue;
      const state = this.#behind.get(target.name);
      const copied = state?.copied ?? nothing();
      try {
        const found = await catchUp({ ...o, target, from }, copied);
        for (const problem of found) tell(problem);
        // Of earlier ones that cannot be copied it is said why; what counts is that this one is there.
        const prefix = snapshotPrefix(o.writer, o.job);
        if (found[0] !== undefined && state !== undefined) {
          const there = await new Store([target]).keys(prefix);
          if (!there.includes(o.snapshot))
            state.failure = stillBehind(target.name, `it could not be copied: ${found[0].message}`);
        }
      } catch (error) {
        const failure = o.signal.aborted
          ? stillBehind(target.name, ENDED)
          : failureOf(error, { code: 'TARGET_BEHIND', origin: 'target' });
        if (state === undefined) tell(failure);
        else state.failure = failure;
      }
      if (state?.failure === undefined) this.#caughtUp.set(target.name, copied);
    }
  }

  /** How one target ended that was not left out. Undefined when there is no snapshot that it could have. */
  reportOf(name: string, hasSnapshot: boolean): TargetReport | undefined {
    const [behind, caughtUp] = [this.#behind.get(name), this.#caughtUp.get(name)];
    if (!hasSnapshot) return undefined;
    if (behind === undefined || (behind.failure === undefined && caughtUp !== undefined))
      return { name, state: 'stored', ...this.copiedTo(name) };
    return { name, state: 'left out', failure: behind.failure ?? stillBehind(name, ENDED), ...this.copiedTo(name) };
  }

  /** For a report: nothing, unless something was copied. */
  copiedTo(name: string): { readonly copied?: Copied } {
    const copied = this.#behind.get(name)?.copied ?? this.#caughtUp.get(name);
    return copied !== undefined && copied.snapshots + copied.packs > 0 ? { copied: { ...copied } } : {};
  }
}

function nothing(): Copied {
  return { snapshots: 0, packs: 0, bytes: 0 };
}
