import type { PluginSpec, RecipientSpec } from '../config/policy.ts';
import { type Failure, fail, failureOf } from '../contract/index.ts';
import type { Approver } from '../repository/keys/approver.ts';
import { type HostKeys, loadHostKeys } from '../repository/keys/host-keys.ts';
import { REPOSITORY_KEY } from '../repository/layout.ts';
import { mixed, readRepositoryId } from '../repository/marker.ts';
import { type ObjectProblem, Store } from '../repository/store.ts';
import { Writers } from '../repository/writers.ts';
import { type Loan, openStore } from './opening.ts';
import { readApprovers } from './recipients.ts';

/** A repository as a reader sees it: whose it is, who may have written to it, and which copies of it can be had. */
export interface RepositoryReading extends AsyncDisposable {
  /** 32 hex. */
  readonly id: string;
  /** The targets that answered, in the order of the policy. */
  readonly store: Store;
  readonly writers: Writers;
  /** This host's keys, when it writes to this repository. */
  readonly host: HostKeys | undefined;
  /** Targets that could not be opened or hold no repository. One that is left is enough to read. */
  readonly unavailable: readonly { readonly target: string; readonly failure: Failure }[];
  /** Markers that are lost or damaged, of targets that can be read all the same. */
  readonly problems: readonly ObjectProblem[];
  /** Recipients of the policy: whom they approved is trusted. */
  readonly approvers: readonly Approver[];
  /** Those whose public keys cannot be read: whom they approved is not trusted. */
  readonly unreadable: readonly Failure[];
}

/** What of a policy it takes to read a repository: where it lies, and whose word counts. */
export interface ReadingSpec {
  readonly targets: readonly PluginSpec[];
  /** Those of the policy that are not read, where one was chosen. */
  readonly others?: readonly PluginSpec[];
  /** All that the policy names. */
  readonly recipients: readonly RecipientSpec[];
}

/**
 * Opens whatever is left of the targets: on the day a restore is needed, one of them is likely to be gone. Fails with the first
 * target's failure when none can be had, and with `REPOSITORY_MIXED` when two hold different repositories.
 */
export async function openReading({ targets: specs, recipients }: ReadingSpec, loan: Loan): Promise<RepositoryReading> {
  await using stack = new AsyncDisposableStack();
  const targets: Store['targets'][number][] = [];
  const unavailable: { target: string; failure: Failure }[] = [];
  const problems: ObjectProblem[] = [];
  const own = await loadHostKeys(loan.engine.stateFolder);
  const ids = new Map<string, string>();
  for (const spec of specs) {
    try {
      const alone = await openStore([spec], loan);
      stack.use(alone);
      for (const target of alone.targets) {
        const { id, problem } = await readRepositoryId(target, own?.repository);
        ids.set(id, target.name);
        targets.push(target);
        if (problem !== undefined) problems.push({ object: REPOSITORY_KEY, target: target.name, failure: problem });
      }
    } catch (error) {
      const failure = failureOf(error, { code: 'TARGET_UNAVAILABLE', origin: 'target' });
      if (failure.origin === 'policy') throw error;
      unavailable.push({ target: spec.name, failure });
      if (unavailable.length === specs.length) throw error;
    }
  }
  const store = new Store(targets);
  const [first, ...others] = ids;
  const [id] =
    first ?? fail({ code: 'TARGET_MISSING', message: 'no target was named', origin: 'policy', permanent: true });
  for (const [other, target] of others) mixed(target, other, id);
  const host = own?.repository === id ? own : undefined;
  const { approvers, problems: unreadable } = await readApprovers(recipients);
  const writers = await Writers.load(store, id, { own: host, approvers });
  const opened = stack.move();
  return {
    id,
    store,
    writers,
    host,
    unavailable,
    problems,
    approvers,
    unreadable,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
