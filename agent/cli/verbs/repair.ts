import type { Policy } from '../../config/policy.ts';
import { fail } from '../../contract/index.ts';
import { repairRepository } from '../../recovery/repair.ts';
import type { RepairPlan, RepairReport } from '../../recovery/repair-report.ts';
import { askYes } from '../../security/question.ts';
import { advisedReport } from '../advice.ts';
import { openEngine } from '../engine.ts';
import { EXIT, type Exit, exitOf } from '../exit.ts';
import { type Invocation, quoteWord } from '../invocation.ts';
import { noSpan, readingOf } from '../open-repository.ts';
import { planLines, renderRepair } from '../output/repair-report.ts';
import { renderFailure, renderProblem } from '../output/report.ts';
import { formatCount, formatCounted } from '../output/size.ts';
import { requirePolicy } from '../policy.ts';

export interface RepairOptions {
  readonly target?: string;
  readonly setAside?: boolean;
  readonly setAsideSessions?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** Heals each target from the others. What stays lost is data and goes to stdout; then it is exit 1. */
export async function repair(invocation: Invocation, options: RepairOptions): Promise<Exit> {
  const { terminal, command, signal } = invocation;
  const { policy, plugins } = await requirePolicy(invocation);
  // A target that is not in the policy is a mistake, before anything is opened.
  readingOf(policy, options.target);
  await using engine = await openEngine(invocation, plugins);
  const report = await repairRepository(engine, {
    ...readingOf(policy),
    ...(options.target === undefined ? {} : { target: options.target }),
    jobs: targetsOfJobs(policy),
    setAsidePacks: options.setAside === true,
    setAsideSessions: options.setAsideSessions === true,
    dryRun: options.dryRun === true,
    span: noSpan,
    signal,
    confirm: (plan) => confirmed(invocation, options, plan),
    onProgress: ({ done, total, bytes }) =>
      terminal.progress({ label: `repair: ${formatCount(done)} of ${formatCount(total)} looked at`, done: bytes }),
  });
  terminal.clearProgress();
  if (terminal.options.json) terminal.json(advisedReport(report));
  else terminal.report(renderRepair(asPlan(report), terminal.paint.data), report.verdict === 'ok');
  for (const problem of report.problems) terminal.warn(renderProblem(problem));
  if (report.failure && !signal.aborted) terminal.error(renderFailure(report.failure, terminal.paint.message));
  if (report.verdict === 'planned' && report.steps.length > 0)
    terminal.message(`\nNext: ${command(repairCommand({ ...options, dryRun: false, yes: true }))}`);
  return exitOfRepair(report);
}

/** Where nobody was there to ask, what there is of it is the plan: nothing was tried, and nothing failed. */
function asPlan(report: RepairReport): RepairReport {
  return report.failure?.code === 'CONFIRMATION_NEEDED' ? { ...report, verdict: 'planned' } : report;
}

function targetsOfJobs({ jobs }: Policy): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(Object.values(jobs).map(({ name, targets }) => [name, new Set(targets.map((one) => one.name))]));
}

/** Whether to change anything: `--yes`, or somebody says so who has seen what. `CONFIRMATION_NEEDED` when nobody is there. */
async function confirmed(invocation: Invocation, options: RepairOptions, plan: RepairPlan): Promise<boolean> {
  const { terminal, signal, command } = invocation;
  if (options.yes === true) return true;
  if (terminal.options.json || !process.stdin.isTTY || !process.stderr.isTTY)
    fail({
      code: 'CONFIRMATION_NEEDED',
      message: `${formatCounted(plan.steps.length, 'object')} would be moved or copied, and there is nobody to ask.`,
      origin: 'agent',
      permanent: true,
      hint: [
        `see what:  ${command(repairCommand({ ...options, dryRun: true }))}`,
        `do it:     ${command(repairCommand({ ...options, yes: true }))}`,
      ].join('\n'),
    });
  terminal.clearProgress();
  process.stderr.write(`${planLines(plan, terminal.paint.message)}\n`);
  return askYes({ question: 'Go on?', input: process.stdin, output: process.stderr, signal });
}

function repairCommand({ target, setAside, setAsideSessions, yes, dryRun }: RepairOptions): string {
  const words = [
    ...(target === undefined ? [] : ['--target', quoteWord(target)]),
    ...(setAside === true ? ['--set-aside'] : []),
    ...(setAsideSessions === true ? ['--set-aside-sessions'] : []),
  ];
  return ['repair', ...words, dryRun === true ? '--dry-run' : yes === true ? '--yes' : ''].filter(Boolean).join(' ');
}

function exitOfRepair({ verdict, failure, lost, problems }: RepairReport): Exit {
  if (failure) return exitOf(failure);
  if (verdict === 'lost' || lost.length > 0) return EXIT.failed;
  return verdict === 'incomplete' || problems.length > 0 ? EXIT.incomplete : EXIT.ok;
}
