import type { Json } from '../../contract/index.ts';
import type { JobPlan, TargetPlan } from '../../pruning/forget-plan.ts';
import { type PlanRow, planRows } from '../../retention/rows.ts';
import type { UnclearId } from '../../retention/stored-holds.ts';
import { formatTime } from './duration.ts';
import type { Paint } from './paint.ts';
import { printable } from './printable.ts';
import { formatCount, formatCounted } from './size.ts';
import { renderTable } from './table.ts';

const COLUMNS = [
  { title: 'SNAPSHOT' },
  { title: 'JOB' },
  { title: 'FINISHED' },
  { title: 'ACTION' },
  { title: 'BECAUSE' },
] as const;

/** What becomes of each snapshot on a target, and why; the newest first. */
export function renderForgetPlan(plan: TargetPlan, paint: Paint): string {
  const rows = plan.jobs.flatMap((job) =>
    rowsOf(plan, job).map(({ id, time, verdict, action, because }) => [
      paint('cyan', id),
      printable(job.job),
      time === '' ? '?' : formatTime(new Date(time)),
      action === 'forget' ? paint('yellow', 'forget') : 'keep',
      [...(verdict === 'incomplete' ? ['incomplete'] : []), ...because].map(printable).join('; '),
    ]),
  );
  const title = `${paint('bold', `target ${printable(plan.target.name)}`)}, as of ${formatTime(plan.now)}`;
  if (rows.length === 0) return `${title}\nno snapshots of the jobs of this policy\n`;
  return `${title}\n${renderTable(COLUMNS, rows, paint)}`;
}

/** What the rules say nothing of, in a sentence; nothing where they speak of all. */
export function renderUnruled({ target, unruled }: TargetPlan): string | undefined {
  if (unruled.size === 0) return undefined;
  const each = [...unruled].map(([job, count]) => `${printable(job)} (${formatCount(count)})`).join(', ');
  const count = [...unruled.values()].reduce((sum, one) => sum + one, 0);
  return `${formatCounted(count, 'snapshot')} on target ${printable(target.name)} ${count === 1 ? 'stays' : 'stay'}: the policy has no such job there that would say for how long: ${each}`;
}

/** What is wrong with an id in a hold. */
export function spokenUnclear({ hold, id, matches }: UnclearId): string {
  return matches === 0
    ? `The hold ${printable(hold)} names snapshot ${id}, which is on no target that was read.`
    : `The hold ${printable(hold)} names ${id}, with which ${formatCounted(matches, 'snapshot')} begin: it keeps them all.`;
}

/** The plan for a program. */
export function forgetPlanJson(plan: TargetPlan): Record<string, Json> {
  return {
    target: plan.target.name,
    asOf: plan.now.toISOString(),
    jobs: plan.jobs.map((job) => ({
      job: job.job,
      retention: job.retention,
      snapshots: rowsOf(plan, job).map(({ id, key, time, verdict, action, because }) => {
        return { id, key, time, verdict, action, because: [...because] };
      }),
    })),
    unruled: Object.fromEntries(plan.unruled),
    unclear: plan.unclear.map(({ hold, id, matches }) => ({ hold, id, matches })),
    damaged: plan.damaged.map(({ key, failure: { code, message } }) => ({ key, code, message })),
  };
}

/** Ids as people write them; keys beside them. */
function rowsOf(plan: TargetPlan, { decisions }: JobPlan): (PlanRow & { readonly key: string })[] {
  return planRows(decisions).map((row) => ({ ...row, key: row.id, id: plan.snapshots.get(row.id)?.id ?? row.id }));
}
