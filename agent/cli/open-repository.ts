import type { PluginSpec, Policy } from '../config/policy.ts';
import type { Span } from '../contract/index.ts';
import type { Engine } from '../engine/opening.ts';
import { openReading, type ReadingSpec, type RepositoryReading } from '../engine/repository-reading.ts';
import { failUnknown } from './policy.ts';

/** A repository, opened outside any run. Warns of targets that cannot be had, as long as one can, and of markers. */
export async function openRepository(
  engine: Engine,
  spec: ReadingSpec,
  signal: AbortSignal,
): Promise<RepositoryReading> {
  const repository = await openReading(spec, { engine, span: noSpan, signal });
  for (const { failure } of [...repository.unavailable, ...repository.problems]) engine.log.warn(failure.message);
  for (const { message } of repository.unreadable) engine.log.warn(message);
  return repository;
}

/** What is read: from the target that `--target` names, or from all of them, by the word of the policy's recipients. */
export function readingOf(policy: Policy, target?: string): ReadingSpec {
  const targets = chooseTargets(policy, target);
  const others = Object.values(policy.targets).filter((one) => !targets.includes(one));
  return { targets, recipients: Object.values(policy.recipients), ...(others.length > 0 && { others }) };
}

/** Each target holds the whole repository, so one that is left is enough. */
function chooseTargets(policy: Policy, name: string | undefined): readonly PluginSpec[] {
  const all = Object.values(policy.targets);
  if (name === undefined) return all;
  const chosen = all.filter((target) => target.name === name);
  return chosen.length > 0 ? chosen : failUnknown('target', name, Object.keys(policy.targets));
}

export const noSpan: Span = { child: () => noSpan, set() {}, end() {} };
