import type { Policy } from '../../config/policy.ts';
import { fail } from '../../contract/index.ts';
import type { Engine } from '../../engine/opening.ts';
import { type VerifyOptions as Asked, LEVELS, type Level, type VerifyReport } from '../../recovery/verification.ts';
import { verifyRepository } from '../../recovery/verify.ts';
import { advisedReport } from '../advice.ts';
import { openEngine } from '../engine.ts';
import { EXIT, type Exit, exitOf } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { storedLast } from '../known-repository.ts';
import { readingOf } from '../open-repository.ts';
import { renderFailure, renderProblem } from '../output/report.ts';
import { formatCount } from '../output/size.ts';
import { renderVerify } from '../output/verify-report.ts';
import { requirePolicy } from '../policy.ts';
import { type ReaderOptions, unlockReader } from '../recovery-key.ts';
import { readerWords } from '../restore-command.ts';
import { verifyHistory } from './verify-history.ts';

export interface VerifyOptions extends ReaderOptions {
  readonly level: Level;
  readonly target?: string;
  /** From 0 to 1. */
  readonly sample?: number;
  /** Milliseconds. */
  readonly maxTime?: number;
  /** Absent: yes. */
  readonly record?: boolean;
  readonly history?: boolean;
}

/** Checks the repository as deep as asked. What it finds is data and goes to stdout; any finding is exit 1. */
export async function verify(
  invocation: Invocation,
  source: string | undefined,
  options: VerifyOptions,
): Promise<Exit> {
  if (options.history) return verifyHistory(invocation, source, options);
  const { terminal, command } = invocation;
  const budget = budgetOf(options);
  const { policy, plugins } = await requirePolicy(invocation);
  await using engine = await openEngine(invocation, plugins);
  const reading = readingOf(policy, options.target);
  const report = await verifyOne(invocation, engine, policy, {
    ...reading,
    level: options.level,
    record: options.record !== false,
    stored: storedLast(engine),
    identity: () => unlockReader(invocation, options),
    ...(source !== undefined && { source }),
    ...(budget !== undefined && { budget }),
  });
  if (terminal.options.json) terminal.json(advisedReport(report));
  else
    terminal.report(
      renderVerify(report, terminal.paint.data, reading.others && options.target),
      report.verdict === 'ok',
    );
  for (const problem of report.problems) terminal.warn(renderProblem(problem));
  if (report.failure && !invocation.signal.aborted)
    terminal.error(renderFailure(report.failure, terminal.paint.message));
  const deeper = LEVELS[LEVELS.indexOf(options.level) + 1];
  if (report.verdict === 'ok' && deeper && budget === undefined)
    terminal.message(`\nNext, deeper: ${command(`verify --level ${deeper}${readerWords(options)}`)}`);
  return exitOfVerify(report);
}

const WHOLE = {
  list: 'list reads no packs',
  restore: 'restore brings back the latest snapshot of each job whole',
} as const;

function budgetOf({ level, sample, maxTime }: VerifyOptions): Asked['budget'] {
  if (sample === undefined && maxTime === undefined) return undefined;
  if (level === 'list' || level === 'restore')
    fail({
      code: 'USAGE',
      message: `--sample and --max-time are for the levels checksum and decrypt: ${WHOLE[level]}`,
      origin: 'agent',
      permanent: true,
      hint: 'leave out --level, or the budget',
    });
  return { ...(sample !== undefined && { share: sample }), ...(maxTime !== undefined && { maxMs: maxTime }) };
}

/** Verifies with progress on the terminal. */
export async function verifyOne(
  { terminal, signal }: Invocation,
  engine: Engine,
  { sources, limits }: Policy,
  asked: Pick<
    Asked,
    'targets' | 'others' | 'recipients' | 'level' | 'identity' | 'source' | 'stored' | 'budget' | 'record'
  >,
): Promise<VerifyReport> {
  const report = await verifyRepository(engine, {
    ...asked,
    sources,
    parallel: limits.files,
    signal,
    onProgress: ({ level, done, total, bytes }) =>
      terminal.progress({ label: `verify ${level} ${formatCount(done)} of ${formatCount(total)}`, done: bytes }),
  });
  terminal.clearProgress();
  return report;
}

export function exitOfVerify({ verdict, failure }: VerifyReport): Exit {
  if (failure) return exitOf(failure);
  return verdict === 'ok' ? EXIT.ok : EXIT.failed;
}
