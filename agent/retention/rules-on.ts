import type { RetentionSpec } from '../config/policy.ts';

/** What decides on the snapshots of one target. */
export type Rules = Pick<RetentionSpec, 'keep' | 'minimum'>;

/**
 * The rules of a class on one target, by its name: those that the class has for it, or else its own. `minimum` is promised where the
 * class's own rules apply, and nowhere else.
 */
export function rulesOn(retention: Pick<RetentionSpec, 'keep' | 'minimum' | 'targets'>, target: string): Rules {
  const own = Object.hasOwn(retention.targets, target) ? retention.targets[target] : undefined;
  if (own !== undefined) return { keep: own.keep };
  const { keep, minimum } = retention;
  return { ...(keep && { keep }), ...(minimum && { minimum }) };
}
