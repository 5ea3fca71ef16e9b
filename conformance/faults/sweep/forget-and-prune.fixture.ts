import assert from 'node:assert/strict';
import type { PluginSpec, Policy } from '../../../agent/config/policy.ts';
import { noSpan, type TestRepository } from '../../../agent/engine/repository.fixture.ts';
import { openReading } from '../../../agent/engine/repository-reading.ts';
import { carryOutForgets, lockForgetting, planForgets } from '../../../agent/pruning/forget.ts';
import type { TargetPruned } from '../../../agent/pruning/prune-report.ts';
import { lockPruning, pruneTargets } from '../../../agent/pruning/prune-targets.ts';

/**
 * What the verbs do, one after the other: of the job's snapshots the newest stays, and there is no time to bring anything back.
 * `onForgotten` is told between the two.
 */
export async function forgetAndPrune(
  r: TestRepository,
  targets: readonly PluginSpec[],
  onForgotten: () => void = () => {},
): Promise<TargetPruned> {
  const { engine, recipients } = r;
  const { stateFolder } = engine;
  const signal = new AbortController().signal;
  const job = r.job({ targets });
  const retention = { ...job.retention, keep: { last: 1 } };
  // Of a policy, what these two look at.
  const policy = {
    jobs: { job: { ...job, retention } },
    holds: [],
    targets: Object.fromEntries(targets.map((one) => [one.name, one])),
  } as Partial<Policy> as Policy;
  await using repository = await openReading({ targets, recipients }, { engine, span: noSpan, signal });
  const now = engine.now();
  {
    using _ = lockForgetting(stateFolder);
    const asked = { repository, policy, now, stateFolder };
    await carryOutForgets(asked, await planForgets(asked));
  }
  onForgotten();
  using _ = lockPruning(stateFolder);
  const stored = engine.catalog.runs.lastStored();
  const at = {
    undeleteMs: 0,
    graceMs: 0,
    maxUnused: 0,
    dryRun: false,
    gone: new Set<string>(),
    now,
    mayGoOn: () => true,
  };
  const [pruned] = await pruneTargets({ repository, stateFolder, signal, stored, ...at });
  return pruned ?? assert.fail('there was no target to prune');
}
