import { spokenSpan } from '../duration.ts';
import type { Job, Policy, SourceSpec } from '../policy.ts';
import type { Problem } from '../problem.ts';
import { longestGap } from '../schedule-times.ts';

/** Sources whose RPO no job can meet: what is lost at worst is what came since the last start, and the delay of the next. */
export function checkObjectives({ sources, jobs, positions }: Policy): Problem[] {
  return Object.values(sources).flatMap((source): Problem[] => {
    const rpoMs = source.objectives?.rpoMs;
    const own = Object.values(jobs).filter((job) => job.source.name === source.name);
    if (rpoMs === undefined || own.length === 0) return [];
    const scheduled = own.filter(({ schedule }) => schedule !== undefined);
    const [best] = scheduled.map(worstLoss).sort((a, b) => a.lossMs - b.lossMs);
    // A schedule whose text is not known here may be a good one.
    if (own.some(({ name }) => positions.isUnknown(['jobs', name, 'schedule']))) return [];
    if (best === undefined) return [unscheduled(source, rpoMs)];
    return best.lossMs <= rpoMs ? [] : [tooRare(source, rpoMs, best)];
  });
}

interface Loss {
  readonly job: Job;
  readonly lossMs: number;
}

function worstLoss(job: Job): Loss {
  const { schedule } = job;
  return { job, lossMs: schedule === undefined ? Number.POSITIVE_INFINITY : longestGap(schedule) + schedule.jitterMs };
}

function unscheduled({ name }: SourceSpec, rpoMs: number): Problem {
  const message = `source "${name}" promises to lose at most ${spokenSpan(rpoMs)}, and no job of it has a schedule`;
  const hint = 'give a job a schedule, or start it often enough by cron';
  return { code: 'HF4014', message, path: ['sources', name, 'objectives', 'rpo'], on: 'value', hint };
}

function tooRare({ name }: SourceSpec, rpoMs: number, { job, lossMs }: Loss): Problem {
  const text = job.schedule?.text ?? '';
  const message = `source "${name}" promises to lose at most ${spokenSpan(rpoMs)}, but ${spokenSpan(lossMs)} can pass until job "${job.name}" starts again (${text})`;
  const hint = `back it up at least every ${spokenSpan(rpoMs)}, or promise less under sources.${name}.objectives`;
  return { code: 'HF4013', message, path: ['jobs', job.name, 'schedule'], on: 'value', hint };
}
