import type { Job, Policy } from '../policy.ts';
import type { Problem } from '../problem.ts';

/** Rules for single targets that apply to nothing, or that leave no place for what the class promises. */
export function checkTiers(policy: Policy): Problem[] {
  return [...written(policy), ...Object.values(policy.jobs).flatMap(unkept)];
}

/** Of a class that no job is of nothing is said: it may be there for other policies that include it. */
function written({ retention, jobs, idle }: Policy): Problem[] {
  const all = [
    ...Object.values(jobs).map((job) => ({
      retention: job.retention.name,
      targets: job.targets.map(({ name }) => name),
    })),
    // What other hosts run, and what is only disabled, writes there as well.
    ...Object.values(idle),
  ];
  return Object.values(retention).flatMap(({ name, targets }) => {
    const own = all.filter((job) => job.retention === name);
    const reached = new Set(own.flatMap((job) => job.targets));
    const unreached = own.length === 0 ? [] : Object.keys(targets).filter((target) => !reached.has(target));
    return unreached.map((target): Problem => {
      const message = `no job of the class "${name}" writes to target "${target}"`;
      const hint = `they write to: ${[...reached].join(', ')}`;
      return { code: 'HF4024', message, path: ['retention', name, 'targets', target], on: 'key', hint };
    });
  });
}

function unkept({ name, targets, retention }: Job): Problem[] {
  if (retention.minimum === undefined) return [];
  if (targets.some((target) => !Object.hasOwn(retention.targets, target.name))) return [];
  const message = `the class "${retention.name}" promises its minimum on targets that it has no other rules for, and this job writes to none`;
  const hint = 'let the job write to one target more, or take one out of the "targets" of the class';
  return [{ code: 'HF4025', message, path: ['jobs', name, 'retention'], on: 'value', hint }];
}
