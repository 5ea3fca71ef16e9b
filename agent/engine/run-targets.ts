import type { PluginSpec } from '../config/policy.ts';
import { type Failure, failureOf } from '../contract/index.ts';
import type { HostKeys } from '../repository/keys/host-keys.ts';
import { Replicas } from '../repository/replicas.ts';
import { type NamedTarget, Store } from '../repository/store.ts';
import { clockFindings } from './chain-findings.ts';
import { rememberPlace } from './known-places.ts';
import { eachOnePlace, type Loan, openStore } from './opening.ts';
import { hostKeysFor } from './run-keys.ts';

/** What is no target's own: without it nothing can be backed up anywhere. */
const OF_ALL = new Set(['NOT_INITIALISED', 'PLUGIN_UNKNOWN', 'TARGETS_SAME']);

/** The targets of a run that can be had, and what this host writes to them with. */
export interface RunTargets extends AsyncDisposable {
  readonly replicas: Replicas;
  readonly host: HostKeys;
  /** Clocks that differ. */
  readonly problems: readonly Failure[];
}

/**
 * Opens each target by itself: one that is not there, cannot be written to or holds another repository does not keep a backup from the
 * others, and is left out. Fails with the first one's failure when none is left.
 */
export async function openRunTargets(specs: readonly PluginSpec[], loan: Loan, now: Date): Promise<RunTargets> {
  eachOnePlace(specs, loan.engine.registry);
  await using stack = new AsyncDisposableStack();
  const targets: NamedTarget[] = [];
  const problems: Failure[] = [];
  const leftOut = new Map<string, Failure>();
  let host: HostKeys | undefined;
  let first: unknown;
  for (const spec of specs) {
    try {
      await using own = new AsyncDisposableStack();
      const alone = own.use(await openStore([spec], loan));
      host = await hostKeysFor(alone, loan.engine.stateFolder);
      // Before anything that a wrong clock makes fail; and where nothing can be written, that shows here.
      problems.push(...(await clockFindings(alone.targets, now)));
      await rememberPlace(loan.engine, spec, host.repository);
      targets.push(...alone.targets);
      stack.use(own.move());
    } catch (error) {
      const failure = failureOf(error, { code: 'TARGET_UNAVAILABLE', origin: 'target' });
      if (OF_ALL.has(failure.code) || loan.signal.aborted) throw error;
      first ??= error;
      leftOut.set(spec.name, failure);
    }
  }
  if (host === undefined || targets.length === 0) throw first;
  const opened = stack.move();
  const replicas = new Replicas(new Store(targets), loan.signal, leftOut);
  return { replicas, host, problems, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}
