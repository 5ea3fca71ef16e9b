import type { Policy } from '../config/policy.ts';
import type { JobChoice } from '../recovery/job-choice.ts';

/** What the policy says of the jobs of a source, those of other hosts too; `job`: the one that was named. */
export function jobChoice({ jobs, idle }: Policy, source: string, job: string | undefined): JobChoice {
  const active = Object.values(jobs).filter((one) => one.source.name === source);
  const others = Object.entries(idle).filter(([, one]) => one.source === source);
  const selections = [
    ...active.map(({ name, select }) => [name, select] as const),
    ...others.map(([name, { select }]) => [name, select] as const),
  ];
  return { ...(job !== undefined && { job }), jobs: Object.fromEntries(selections) };
}
