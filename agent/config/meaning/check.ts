import type { Policy } from '../policy.ts';
import type { Problem } from '../problem.ts';
import type { PluginRegistry } from '../registry.ts';
import { checkDomains } from './domains.ts';
import { checkLimits } from './limits.ts';
import { checkNotifiers } from './notifiers.ts';
import { checkObjectives } from './objectives.ts';
import { samePlaces, swallowed } from './places.ts';
import { divided, selections, unprotected } from './protection.ts';
import { checkRetention } from './retention.ts';
import { checkSourceOptions } from './source-options.ts';
import { checkTiers } from './tiers.ts';

/** What is written rightly, and still cannot be meant. */
export function checkMeaning(policy: Policy, registry: PluginRegistry): Problem[] {
  return [
    ...samePlaces(policy, registry),
    ...swallowed(policy, registry),
    ...selections(policy, registry),
    ...checkSourceOptions(policy, registry),
    ...divided(policy),
    ...checkDomains(policy),
    ...checkRetention(policy),
    ...checkTiers(policy),
    ...checkObjectives(policy),
    ...unprotected(policy),
    ...checkLimits(policy),
    ...checkNotifiers(policy),
  ];
}
