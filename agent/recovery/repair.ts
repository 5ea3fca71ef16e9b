import { DomainLock } from '../catalog/domain-lock.ts';
import { type Failure, fail, failureOf, type Span } from '../contract/index.ts';
import type { Engine } from '../engine/opening.ts';
import { openReading, type ReadingSpec, type RepositoryReading } from '../engine/repository-reading.ts';
import { RepairCopies } from './repair-copies.ts';
import type { RepairOutcome, RepairPlan, RepairReport } from './repair-report.ts';
import { takeStep } from './repair-steps.ts';
import { CANCELLED, surveyCopies } from './repair-survey.ts';

export interface RepairOptions extends ReadingSpec {
  /** Name of the only target to be repaired; absent: all. */
  readonly target?: string;
  /** Names of the targets of each job of the policy. */
  readonly jobs: ReadonlyMap<string, ReadonlySet<string>>;
  /** Also damaged packs that nobody has whole, though what is whole in them can be restored from where they are. */
  readonly setAsidePacks: boolean;
  /** Also damaged sessions of other hosts, though those may be at work. */
  readonly setAsideSessions: boolean;
  readonly dryRun: boolean;
  readonly span: Span;
  readonly signal: AbortSignal;
  /** Asked before anything is changed, when anything is to be. */
  confirm(plan: RepairPlan): Promise<boolean>;
  onProgress?(progress: { readonly done: number; readonly total: number; readonly bytes: number }): void;
}

/**
 * Puts whole copies in the place of damaged and missing objects of each target, from the others. Needs no key that reads. What is
 * damaged is moved to quarantine; nothing is destroyed. Interrupted anywhere, the next repair goes on. Never throws for what it may find.
 */
export async function repairRepository(engine: Engine, options: RepairOptions): Promise<RepairReport> {
  const startedAt = performance.now();
  let plan: RepairPlan = { steps: [], lost: [], problems: [], notes: [], looked: { objects: 0, bytes: 0 } };
  const outcomes: RepairOutcome[] = [];
  let ended: 'planned' | 'declined' | undefined;
  let failure: Failure | undefined;
  try {
    await using repository = await openReading(options, { engine, span: options.span, signal: options.signal });
    using _locks = options.dryRun ? undefined : lockDomains(engine, repository);
    const copies = await RepairCopies.list(repository);
    plan = await survey(copies, repository, options);
    if (options.dryRun) ended = 'planned';
    else if (plan.steps.length > 0 && !(await options.confirm(plan))) ended = 'declined';
    const o = { repository, copies, now: engine.now(), signal: options.signal };
    if (ended === undefined) for (const step of plan.steps) outcomes.push(await takeStep(step, o));
  } catch (error) {
    failure = options.signal.aborted ? CANCELLED : failureOf(error, { code: 'REPAIR_FAILED', origin: 'agent' });
  }
  const steps = [...outcomes, ...plan.steps.slice(outcomes.length)];
  const isIncomplete = plan.problems.length > 0 || outcomes.some(({ state }) => state === 'failed');
  const came = ended ?? (plan.lost.length > 0 ? 'lost' : isIncomplete ? 'incomplete' : 'ok');
  const verdict = failure === undefined ? came : failure.code === 'CANCELLED' ? 'cancelled' : 'failed';
  const durationMs = performance.now() - startedAt;
  return { verdict, durationMs, ...plan, steps, ...(failure === undefined ? {} : { failure }) };
}

function survey(copies: RepairCopies, repository: RepositoryReading, options: RepairOptions): Promise<RepairPlan> {
  const { target: only, jobs, setAsidePacks, setAsideSessions, signal, onProgress } = options;
  const isAway = repository.unavailable.find(({ target }) => target === only);
  if (isAway !== undefined) fail(isAway.failure);
  return surveyCopies({
    copies,
    targets: repository.store.targets.filter(({ name }) => only === undefined || name === only),
    away: repository.unavailable.map(({ failure }) => failure),
    // Of a job that the policy does not have (any more), what a target has of it says whether it belongs there.
    belongs: (job, target) =>
      jobs.get(job)?.has(target) ??
      copies.listing.snapshots.some(
        ({ opened, lacking = [] }) => opened.header.job === job && !lacking.includes(target),
      ),
    setAsidePacks,
    setAsideSessions,
    signal,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
}

/** No run of this host goes on meanwhile: it would count on what is moved away. */
function lockDomains(engine: Engine, { host }: RepositoryReading): Disposable {
  using stack = new DisposableStack();
  for (const { name } of host?.domains ?? []) stack.use(DomainLock.take(engine.stateFolder, name));
  return stack.move();
}
