import { type Failure, fail } from '../../contract/index.ts';
import type { RepositoryReading } from '../../engine/repository-reading.ts';
import type { TargetPruned } from '../../pruning/prune-report.ts';
import { lockPruning, type PruneTargetsOptions, pruneTargets } from '../../pruning/prune-targets.ts';
import { findTrusted } from '../../repository/writer-name.ts';
import { advised, advisedReport } from '../advice.ts';
import { confirmedPlan } from '../confirmation.ts';
import { openEngine } from '../engine.ts';
import { combineExits, EXIT, type Exit, exitOf } from '../exit.ts';
import { type Invocation, quoteWord } from '../invocation.ts';
import { storedLast } from '../known-repository.ts';
import { openRepository, readingOf } from '../open-repository.ts';
import { renderPruned, summarisePruned } from '../output/prune-report.ts';
import { renderFailure, renderProblem } from '../output/report.ts';
import { requirePolicy } from '../policy.ts';

export interface PruneVerbOptions {
  readonly target?: string;
  /** Milliseconds. */
  readonly undelete?: number;
  readonly grace?: number;
  readonly maxTime?: number;
  /** From 0 to 1. */
  readonly maxUnused?: number;
  /** Codes or beginnings of ids of writers whose hosts are gone for good. */
  readonly gone?: readonly string[];
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const DAY_MS = 86_400_000;
const UNDELETE_MS = 7 * DAY_MS;
const MAX_UNUSED = 0.05;

/**
 * Deletes what was marked before and marks what nothing needs now, on each target. Backups go on meanwhile. Exit 3 where a target could
 * not be had.
 */
export async function prune(invocation: Invocation, options: PruneVerbOptions): Promise<Exit> {
  const { stateFolder, signal, terminal } = invocation;
  const { policy, plugins } = await requirePolicy(invocation);
  // Also with one target alone: what the others have is needed to know what it lags behind with.
  if (options.target !== undefined) readingOf(policy, options.target);
  await using engine = await openEngine(invocation, plugins);
  await using repository = await openRepository(engine, readingOf(policy), signal);
  const gone = goneOf(options.gone ?? [], repository);
  if (gone.size > 0 && repository.unavailable.length > 0)
    terminal.warn(renderProblem(notFenced(repository.unavailable.map(({ target }) => target))));
  const end = options.maxTime === undefined ? Number.POSITIVE_INFINITY : performance.now() + options.maxTime;
  const asked: Omit<PruneTargetsOptions, 'dryRun'> = {
    repository,
    stateFolder,
    signal,
    ...(options.target !== undefined && { target: options.target }),
    stored: storedLast(engine),
    gone,
    now: invocation.now(),
    undeleteMs: options.undelete ?? UNDELETE_MS,
    graceMs: options.grace ?? DAY_MS,
    maxUnused: options.maxUnused ?? MAX_UNUSED,
    mayGoOn: () => performance.now() < end,
    onProgress: (label, { count, bytes }) => terminal.progress({ label: `${label} ${count}`, done: bytes }),
  };
  using _ = options.dryRun === true ? undefined : lockPruning(stateFolder);
  const done = await planOrPrune(invocation, asked, options);
  const missing = repository.unavailable.length > 0 ? [EXIT.incomplete] : [];
  return combineExits([...done.map(({ failure }) => (failure === undefined ? EXIT.ok : exitOf(failure))), ...missing]);
}

async function planOrPrune(
  invocation: Invocation,
  asked: Omit<PruneTargetsOptions, 'dryRun'>,
  options: PruneVerbOptions,
): Promise<readonly TargetPruned[]> {
  const { terminal, command } = invocation;
  const quiet = options.yes === true && options.dryRun !== true;
  if (!quiet) {
    const planned = await pruneTargets({ ...asked, dryRun: true });
    if (options.dryRun) {
      show(invocation, planned, { dryRun: true, unavailable: asked.repository.unavailable });
      const hint = wordsOf(options);
      if (!terminal.options.json)
        terminal.message(`Nothing was changed: ${summarisePruned(planned)}. Next: ${command(`prune${hint}`)}`);
      return planned;
    }
    const asks = planned.some(takesAnything);
    if (asks && !terminal.options.json) show(invocation, planned, { dryRun: true, unavailable: [] });
    const message = `${summarisePruned(planned)}`;
    const words = wordsOf(options);
    const go = { yes: options.yes, message, show: `prune${words} --dry-run`, act: `prune${words} --yes` };
    if (asks && !(await confirmedPlan(invocation, go))) {
      terminal.message('Nothing was pruned.');
      return [];
    }
  }
  const pruned = await pruneTargets({ ...asked, dryRun: false });
  terminal.clearProgress();
  show(invocation, pruned, { dryRun: false, unavailable: asked.repository.unavailable });
  if (!terminal.options.json) terminal.message(`${summarisePruned(pruned)}. Next: ${command('verify')}`);
  return pruned;
}

/** Whether anything goes that somebody could miss, or it is not known; sessions that ended say nothing any more. */
function takesAnything({ failure, checks, domains }: TargetPruned): boolean {
  if (failure !== undefined || checks > 0) return true;
  return domains.some(
    ({ deleted, marked, repacked, snapshots, fenced }) =>
      deleted.count + marked.count + repacked.count + snapshots + fenced.length > 0,
  );
}

/** Ids of the writers that are named. */
function goneOf(names: readonly string[], { writers, host }: RepositoryReading): ReadonlySet<string> {
  const ids = new Set(names.map((name) => findTrusted(writers, name).id));
  if (host === undefined || !ids.has(host.writer)) return ids;
  return fail({
    code: 'USAGE',
    message: '--gone names this host.',
    origin: 'agent',
    permanent: true,
    hint: 'A run of this host that was killed keeps nothing waiting here.',
  });
}

function notFenced(away: readonly string[]): Failure {
  return {
    code: 'RUNS_NOT_FENCED',
    message: `no run is taken for dead: the snapshot that it was to end with may lie on ${away.join(', ')}, which cannot be had`,
    origin: 'target',
    permanent: false,
    hint: 'prune again when all targets can be had',
  };
}

function show(
  { terminal }: Invocation,
  targets: readonly TargetPruned[],
  o: { readonly dryRun: boolean; readonly unavailable: PruneTargetsOptions['repository']['unavailable'] },
): void {
  if (terminal.options.json) {
    const unavailable = o.unavailable.map(({ target, failure }) => ({ target, failure: advised(failure) }));
    terminal.json({ dryRun: o.dryRun, targets: targets.map((one) => advisedReport(one)), unavailable });
  }
  for (const one of targets) {
    if (!terminal.options.json && one.failure === undefined)
      terminal.data(`${renderPruned(one, terminal.paint.data)}\n`);
    for (const { problems } of one.domains) for (const problem of problems) terminal.warn(renderProblem(problem));
    if (one.failure !== undefined) terminal.error(renderFailure(one.failure, terminal.paint.message));
  }
}

/** The options as they were given, but for those that say whether to ask. */
function wordsOf({ target, undelete, grace, maxUnused, maxTime, gone = [] }: PruneVerbOptions): string {
  const span = (name: string, ms: number | undefined) =>
    ms === undefined ? '' : ` --${name} ${Math.round(ms / 1000)}s`;
  return [
    target === undefined ? '' : ` --target ${quoteWord(target)}`,
    span('undelete', undelete),
    span('grace', grace),
    maxUnused === undefined ? '' : ` --max-unused ${100 * maxUnused}%`,
    span('max-time', maxTime),
    ...gone.map((name) => ` --gone ${quoteWord(name)}`),
  ].join('');
}
