import { fail } from '../../contract/index.ts';
import {
  carryOutForgets,
  type ForgetOptions,
  lockForgetting,
  planForgets,
  takeBack,
  unmet,
} from '../../pruning/forget.ts';
import { forgottenBy, type TargetPlan } from '../../pruning/forget-plan.ts';
import { advised } from '../advice.ts';
import { confirmedPlan } from '../confirmation.ts';
import { openEngine } from '../engine.ts';
import { EXIT, type Exit } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { openRepository, readingOf } from '../open-repository.ts';
import { forgetPlanJson, renderForgetPlan, renderUnruled, spokenUnclear } from '../output/forget-plan.ts';
import { printable } from '../output/printable.ts';
import { renderProblem } from '../output/report.ts';
import { formatCounted } from '../output/size.ts';
import { requirePolicy } from '../policy.ts';

export interface ForgetVerbOptions {
  readonly target?: string;
  readonly undo?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/**
 * Says on each target which snapshots are wanted no more, by the classes of the policy. Nothing is deleted: that is for `prune`. Exit 3
 * where a target could not be had.
 */
export async function forget(
  invocation: Invocation,
  ids: readonly string[],
  options: ForgetVerbOptions,
): Promise<Exit> {
  if (ids.length > 0 !== (options.undo === true)) failUndo(invocation, options.undo === true);
  const { stateFolder, signal } = invocation;
  const { policy, plugins } = await requirePolicy(invocation);
  await using engine = await openEngine(invocation, plugins);
  await using repository = await openRepository(engine, readingOf(policy, options.target), signal);
  const asked: ForgetOptions = { repository, policy, now: invocation.now(), stateFolder };
  using _ = options.dryRun === true ? undefined : lockForgetting(stateFolder);
  if (options.undo) return await undo(invocation, asked, ids);
  const plans = await planForgets(asked);
  const exit = repository.unavailable.length > 0 ? EXIT.incomplete : EXIT.ok;
  return (await carryOut(invocation, asked, plans, options)) ? exit : EXIT.ok;
}

/** False when somebody said no. */
async function carryOut(
  invocation: Invocation,
  asked: ForgetOptions,
  plans: readonly TargetPlan[],
  options: ForgetVerbOptions,
): Promise<boolean> {
  const { terminal, command } = invocation;
  const count = plans.reduce((sum, plan) => sum + forgottenBy(plan).length, 0);
  const what = formatCounted(count, 'snapshot');
  if (!terminal.options.json) show(invocation, plans);
  if (count > 0 && options.dryRun !== true) {
    const named = options.target === undefined ? 'forget' : `forget --target ${options.target}`;
    const message = `${what} would be forgotten`;
    const go = { yes: options.yes, message, show: `${named} --dry-run`, act: `${named} --yes` };
    if (!(await confirmedPlan(invocation, go))) {
      terminal.message('Nothing was forgotten.');
      return false;
    }
    await carryOutForgets(asked, plans);
  }
  if (terminal.options.json) {
    const unavailable = asked.repository.unavailable.map(({ target, failure }) => ({
      target,
      failure: advised(failure),
    }));
    const carriedOut = options.dryRun !== true;
    terminal.json({ forgotten: count, carriedOut, targets: plans.map(forgetPlanJson), unavailable });
  } else if (count === 0) terminal.message('Nothing to forget.');
  else if (options.dryRun) terminal.message(`${what} would be forgotten. Next: ${command('forget')}`);
  else
    terminal.message(
      `${what} forgotten, and still there until they are pruned.\n  To bring one back: ${command('forget --undo <snapshot>')}\nNext: ${command('prune --dry-run')}`,
    );
  return true;
}

function show({ terminal }: Invocation, plans: readonly TargetPlan[]): void {
  const several = plans.flatMap(({ unclear }) => unclear.filter(({ matches }) => matches > 1));
  for (const text of new Set([...unmet(plans), ...several].map(spokenUnclear))) terminal.warn(text);
  for (const plan of plans) {
    terminal.data(`${renderForgetPlan(plan, terminal.paint.data)}\n`);
    const unruled = renderUnruled(plan);
    if (unruled !== undefined) terminal.warn(unruled);
    for (const { failure } of plan.damaged) terminal.warn(renderProblem(failure));
  }
}

async function undo({ terminal }: Invocation, asked: ForgetOptions, ids: readonly string[]): Promise<Exit> {
  const back = await takeBack(asked, ids);
  if (terminal.options.json) terminal.json({ back: back.map(({ id, key }) => ({ id, key })) });
  for (const { id, opened } of back) terminal.message(`${id} of ${printable(opened.header.job)} is wanted again.`);
  terminal.warn(
    'By the rules of its class it is forgotten again with the next `forget`: a hold in the policy keeps it.',
  );
  return EXIT.ok;
}

function failUndo({ command }: Invocation, undoing: boolean): never {
  return fail({
    code: 'USAGE',
    message: undoing ? '--undo takes the snapshots to bring back' : 'forget goes by the classes of the policy',
    origin: 'agent',
    permanent: true,
    hint: undoing
      ? `${command('snapshots --forgotten')} lists them`
      : `a snapshot is named only to bring it back: ${command('forget --undo <snapshot>')}`,
  });
}
