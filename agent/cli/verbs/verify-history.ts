import { failureOf } from '../../contract/index.ts';
import { CHECKS_PREFIX } from '../../repository/check-key.ts';
import { isWhole } from '../../repository/check-record.ts';
import { type LoadedChecks, loadChecks } from '../../repository/checks.ts';
import type { NamedTarget } from '../../repository/store.ts';
import type { Writers } from '../../repository/writers.ts';
import { advised } from '../advice.ts';
import { openEngine } from '../engine.ts';
import { EXIT, type Exit } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { openRepository, readingOf } from '../open-repository.ts';
import { renderChecks, type ShownCheck } from '../output/check-table.ts';
import { renderFailure, renderProblem } from '../output/report.ts';
import { formatCounted } from '../output/size.ts';
import { requirePolicy } from '../policy.ts';

/** So many of each writer and target are shown. */
const SHOWN = 30;

/**
 * Lists what trusted writers signed of each target, oldest first. Needs no key. What is not believed is named beside it: exit 1 where
 * that is damaged or forged, and not when its writer is merely not approved, or it is of another target.
 */
export async function verifyHistory(
  invocation: Invocation,
  source: string | undefined,
  { target }: { readonly target?: string },
): Promise<Exit> {
  const { terminal, command } = invocation;
  const { policy, plugins } = await requirePolicy(invocation);
  await using engine = await openEngine(invocation, plugins);
  await using repository = await openRepository(engine, readingOf(policy, target), invocation.signal);
  const { store, writers } = repository;
  const loaded = await Promise.all(store.targets.map((one) => loadOrTell(one, writers)));
  const checks = loaded
    .flatMap((one) => one.checks)
    .filter(({ check }) => source === undefined || check.source === '' || check.source === source)
    .map(({ key, check }): ShownCheck => {
      return { ...check, key, host: writers.get(check.writer)?.host ?? '', whole: isWhole(check) };
    })
    .sort((a, b) => compare(a.target, b.target) || compare(a.ended, b.ended));
  const problems = loaded.flatMap((one) => one.problems).map((one) => ({ ...one, failure: advised(one.failure) }));
  if (terminal.options.json) terminal.json({ checks, problems });
  else if (checks.length > 0)
    terminal.data(renderChecks(checks, { paint: terminal.paint.data, now: invocation.now() }));
  const broken = problems.filter(({ failure }) => !HARMLESS.has(failure.code));
  for (const { target: where, failure } of problems) {
    if (HARMLESS.has(failure.code)) terminal.warn(renderProblem(failure));
    else {
      const message = failure.origin === 'target' ? '' : `not believed, on target ${where}: `;
      terminal.error(renderFailure({ ...failure, message: message + failure.message }, terminal.paint.message));
    }
  }
  if (checks.length === 0 && problems.length > 0)
    terminal.message(`Nothing that is recorded can be shown, for what is said above. Next: ${command('verify')}`);
  else if (checks.length === 0) terminal.message(`Nothing is recorded yet. Next: ${command('verify')}`);
  else terminal.message(`\n${formatCounted(checks.length, 'verification')}. Next: ${command('verify')}`);
  return broken.length === 0 ? EXIT.ok : EXIT.failed;
}

/** A target that does not list its records keeps nobody from those of the others. */
async function loadOrTell(target: NamedTarget, writers: Writers): Promise<LoadedChecks> {
  try {
    return await loadChecks(target, writers, SHOWN);
  } catch (error) {
    return {
      checks: [],
      problems: [
        {
          object: CHECKS_PREFIX,
          target: target.name,
          failure: failureOf(error, { code: 'TARGET_IO', origin: 'target' }),
        },
      ],
    };
  }
}

const HARMLESS: ReadonlySet<string> = new Set(['WRITER_UNAPPROVED', 'CHECK_ELSEWHERE']);

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
