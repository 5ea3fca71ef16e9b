import type { Json } from '../contract/index.ts';
import type { Path } from './diagnostic.ts';
import { isSchema } from './plugin-options.ts';
import type { Policy } from './policy.ts';
import type { Problem } from './problem.ts';
import type { PluginRegistry } from './registry.ts';
import { STEP_ACTIONS } from './sections/plans.ts';

interface Step {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly path: Path;
}

/** Steps that do nothing, or more than one thing. */
export function checkSteps(content: Json): Problem[] {
  return plansOf(content).flatMap(([name, plan]) => stepsOf(name, plan).flatMap(checkStep));
}

function checkStep({ fields, path }: Step): Problem[] {
  const possible = 'parallel' in fields || path.includes('parallel') ? [...STEP_ACTIONS, 'parallel'] : STEP_ACTIONS;
  const [action, other] = possible.filter((name) => name in fields);
  const hint = `a step has exactly one of ${STEP_ACTIONS.join(', ')} and parallel`;
  if (action === undefined && Object.keys(fields).every((field) => MANNER.includes(field))) {
    return [{ code: 'HF2002', message: 'this step says nothing to do', path, on: 'value', hint }];
  }
  if (other !== undefined) {
    const message = `this step has both "${action}" and "${other}"`;
    return [{ code: 'HF2010', message, path: [...path, other], on: 'key', hint }];
  }
  const lost = action === 'restore' ? undefined : ['at', 'into'].find((field) => field in fields);
  if (lost === undefined || action === undefined) return [];
  return [{ code: 'HF2001', message: `"${lost}" belongs to "restore"`, path: [...path, lost], on: 'key' }];
}

const MANNER = ['name', 'at', 'into', 'timeout', 'optional'];

/** Plans that call each other in a circle, and drills of what cannot be rehearsed. */
export function checkPlans(content: Json, policy: Policy, registry: PluginRegistry): Problem[] {
  const plans = new Map(plansOf(content).map(([name, plan]) => [name, stepsOf(name, plan)]));
  const drilled = plansOf(content).flatMap(([name, plan]) => ('drill' in plan ? [name] : []));
  return [...circles(plans), ...drilled.flatMap((name) => notRehearsed(plans.get(name) ?? [], policy, registry))];
}

function circles(plans: ReadonlyMap<string, readonly Step[]>): Problem[] {
  const problems: Problem[] = [];
  const done = new Set<string>();
  const follow = (name: string, above: readonly string[]) => {
    for (const { fields, path } of plans.get(name) ?? []) {
      const next = fields['plan'];
      if (typeof next !== 'string' || !plans.has(next)) continue;
      const start = [...above, name].indexOf(next);
      if (start >= 0) {
        const message = `plans call each other in a circle: ${[...[...above, name].slice(start), next].join(' → ')}`;
        problems.push({ code: 'HF3010', message, path: [...path, 'plan'], on: 'value' });
      } else if (!done.has(next)) follow(next, [...above, name]);
    }
    done.add(name);
  };
  for (const name of plans.keys()) if (!done.has(name)) follow(name, []);
  return problems;
}

function notRehearsed(steps: readonly Step[], policy: Policy, registry: PluginRegistry): Problem[] {
  return steps.flatMap(({ fields, path }): Problem[] => {
    const source = typeof fields['restore'] === 'string' ? policy.sources[fields['restore']] : undefined;
    const plugin = source === undefined ? undefined : registry.get('source', source.type);
    if (plugin === undefined || plugin.can.includes('scratch') || 'into' in fields) return [];
    const message = `a source of type "${plugin.name}" cannot make a scratch place, which the plan's drill needs`;
    const hint = 'say where to restore to ("into"), or leave the drill out';
    return [{ code: 'HF4016', message, path: [...path, 'restore'], on: 'value', hint }];
  });
}

type PlanFields = Readonly<Record<string, unknown>>;

function plansOf(content: Json): [string, PlanFields][] {
  const plans = isSchema(content) ? content['plans'] : undefined;
  return isSchema(plans) ? Object.entries(plans).flatMap(([name, plan]) => (isSchema(plan) ? [[name, plan]] : [])) : [];
}

/** All steps of a plan, those that run at the same time too. */
export function stepsOf(plan: string, fields: PlanFields): Step[] {
  return listed(fields['steps'], ['plans', plan, 'steps']).flatMap((step) => [
    step,
    ...listed(step.fields['parallel'], [...step.path, 'parallel']),
  ]);
}

function listed(steps: unknown, path: Path): Step[] {
  if (!Array.isArray(steps)) return [];
  return steps.flatMap((fields, index) => (isSchema(fields) ? [{ fields, path: [...path, index] }] : []));
}
