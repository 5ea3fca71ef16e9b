import type { Job, Policy } from '../../config/policy.ts';
import { fail } from '../../contract/index.ts';
import type { Engine } from '../../engine/opening.ts';
import { runJob } from '../../engine/run.ts';
import type { RunReport } from '../../engine/run-report.ts';
import { advisedReport } from '../advice.ts';
import { openEngine } from '../engine.ts';
import { combineExits, EXIT, type Exit, exitOf } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { namedFailure } from '../output/named-failure.ts';
import { renderFailure, renderProblem } from '../output/report.ts';
import { advanceOf } from '../output/run-progress.ts';
import { renderRun } from '../output/run-report.ts';
import { formatCounted } from '../output/size.ts';
import { chooseJobs, requirePolicy } from '../policy.ts';
import { stdinJob, stdinPlugin } from '../stdin-source.ts';

export interface RunOptions {
  readonly stdin?: string;
  readonly job?: string;
}

/** Skipped things that are named without --verbose. */
const SHOWN = 10;

/** Runs jobs one after the other. A job that failed does not keep the next from running; an interruption does. */
export async function run(invocation: Invocation, names: readonly string[], options: RunOptions): Promise<Exit> {
  const { terminal, signal } = invocation;
  const { policy, plugins } = await requirePolicy(invocation);
  const { stdin } = options;
  if (stdin === undefined && options.job !== undefined)
    fail({
      code: 'USAGE',
      message: '--job says of what kind --stdin is, and there is no --stdin.',
      origin: 'policy',
      permanent: true,
      hint: `Name jobs as they are: ${invocation.command(`run ${options.job}`)}`,
    });
  const jobs = stdin === undefined ? chooseJobs(policy, names) : [stdinJob(policy, stdin, options.job ?? names[0])];
  await using engine = await openEngine(
    invocation,
    stdin === undefined ? plugins : plugins.with(stdinPlugin(process.stdin)),
  );
  const reports: RunReport[] = [];
  for (const job of jobs) {
    if (signal.aborted) break;
    const report = await runOne(invocation, engine, policy, job);
    reports.push(report);
    if (!terminal.options.json) terminal.report(renderRun(report, terminal.paint.data), report.verdict === 'ok');
    tellRunTroubles(invocation, report);
  }
  if (terminal.options.json) terminal.json({ runs: reports.map(advisedReport) });
  if (jobs.length === 0) terminal.message('The policy has no jobs: nothing to do.');
  const last = reports.findLast(({ snapshot }) => snapshot !== undefined);
  if (last) terminal.message(`\nNext: ${invocation.command(`restore ${last.source} --into ./restored`)}`);
  // Stopped before a job began: nothing failed, and still it was not done.
  if (reports.length < jobs.length) return EXIT.interrupted;
  return combineExits(reports.map(exitOfRun));
}

export async function runOne(invocation: Invocation, engine: Engine, policy: Policy, job: Job): Promise<RunReport> {
  const { terminal, signal } = invocation;
  const report = await runJob(engine, {
    job,
    limits: policy.limits,
    recipients: Object.values(policy.recipients),
    policyHash: policy.hash,
    signal,
    onProgress: (progress) => terminal.progress(advanceOf(job, progress)),
  });
  terminal.clearProgress();
  return report;
}

export function exitOfRun({ verdict, failure }: RunReport): Exit {
  if (failure !== undefined) return exitOf(failure);
  return verdict === 'incomplete' ? EXIT.incomplete : EXIT.ok;
}

export function tellRunTroubles(
  { terminal, signal }: Invocation,
  { skipped, targets, problems, failure }: RunReport,
): void {
  const { verbose } = terminal.options;
  for (const { what, failure: why } of verbose ? skipped : skipped.slice(0, SHOWN)) {
    terminal.warn(namedFailure('skipped', what, why));
  }
  const more = skipped.length - SHOWN;
  if (more > 0 && !verbose) terminal.warn(`and ${formatCounted(more, 'other')}; --verbose names all of them`);
  for (const target of targets) {
    if (target.state === 'stored' || target.failure.message === failure?.message) continue;
    terminal.warn(`left out: ${renderProblem(target.failure)}`);
  }
  for (const problem of problems) terminal.warn(renderProblem(problem));
  if (failure && !signal.aborted) terminal.error(renderFailure(failure, terminal.paint.message));
}
