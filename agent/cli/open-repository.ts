import type { PluginSpec, Policy } from '../config/policy.ts';
import type { Span } from '../contract/index.ts';
import type { Engine } from '../engine/opening.ts';
import { openReading, type RepositoryReading } from '../engine/repository-reading.ts';
import { failUnknown } from './policy.ts';

/** A repository, opened outside any run. Warns of targets that cannot be had, as long as one can. */
export async function openRepository(
  engine: Engine,
  targets: readonly PluginSpec[],
  signal: AbortSignal,
): Promise<RepositoryReading> {
  const repository = await openReading(targets, { engine, span: noSpan, signal });
  for (const { failure } of repository.unavailable) engine.log.warn(failure.message);
  return repository;
}

/** The target that `--target` names, or all of them: each holds the whole repository, so one that is left is enough. */
export function chooseTargets(policy: Policy, name: string | undefined): readonly PluginSpec[] {
  const all = Object.values(policy.targets);
  if (name === undefined) return all;
  const chosen = all.filter((target) => target.name === name);
  return chosen.length > 0 ? chosen : failUnknown('target', name, Object.keys(policy.targets));
}

export const noSpan: Span = { child: () => noSpan, set() {}, end() {} };
