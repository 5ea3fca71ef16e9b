import path from 'node:path';
import type { Policy, SourceSpec } from '../../config/policy.ts';
import { type RestoreReport, restoreSource } from '../../recovery/restore.ts';
import { advisedReport } from '../advice.ts';
import { openEngine } from '../engine.ts';
import { EXIT, type Exit, exitOf } from '../exit.ts';
import { type Invocation, quoteWord } from '../invocation.ts';
import { readingOf } from '../open-repository.ts';
import { printable } from '../output/printable.ts';
import { renderFailure, renderProblem } from '../output/report.ts';
import { renderRestore } from '../output/restore-report.ts';
import { formatCounted } from '../output/size.ts';
import { requirePolicy } from '../policy.ts';
import { type ReaderOptions, unlockReader } from '../recovery-key.ts';
import { stdinPlugin, stdinSpec } from '../stdin-source.ts';

export interface RestoreOptions extends ReaderOptions {
  readonly at: string;
  readonly writer?: string;
  readonly into?: string;
  readonly conflict: 'error' | 'skip' | 'replace';
  readonly dryRun?: boolean;
  readonly target?: string;
}

const SHOWN = 10;

/** Restores a source, or parts of it, into a folder. */
export async function restore(
  invocation: Invocation,
  name: string,
  parts: readonly string[],
  options: RestoreOptions,
): Promise<Exit> {
  const { terminal, cwd, signal, command } = invocation;
  const { policy, plugins } = await requirePolicy(invocation);
  const into = path.resolve(cwd, options.into ?? `restored-${name}`);
  await using engine = await openEngine(invocation, plugins.with(stdinPlugin(process.stdin)));
  const report = await restoreSource(engine, {
    ...readingOf(policy, options.target),
    source: sourceNamed(policy, name),
    at: options.at,
    ...(options.writer !== undefined && { writer: options.writer }),
    into: { folder: into },
    select: parts,
    conflict: options.conflict,
    parallel: policy.limits.files,
    dryRun: options.dryRun === true,
    identity: () => unlockReader(invocation, options),
    signal,
    onProgress: ({ bytes, expectedBytes }) =>
      // Parts of a snapshot are an unknown part of its size.
      terminal.progress({ label: `restore ${name}`, done: bytes, ...(parts.length === 0 && { total: expectedBytes }) }),
  });
  terminal.clearProgress();
  if (terminal.options.json) terminal.json({ ...advisedReport(report), into });
  else terminal.data(renderRestore(report, into, terminal.paint.data));
  tellRestoreTroubles(invocation, report);
  if (report.verdict === 'planned') terminal.message(`\nNext: ${command(inEarnest(name, parts, options))}`);
  return exitOfRestore(report);
}

/** The same command line, without `--dry-run`. */
function inEarnest(name: string, parts: readonly string[], options: RestoreOptions): string {
  const { at, into, writer, conflict, key, passphraseFile, target } = options;
  const given = {
    into,
    writer,
    at: at === 'latest' ? undefined : at,
    conflict: conflict === 'error' ? undefined : conflict,
  };
  const flags = Object.entries({ ...given, key, 'passphrase-file': passphraseFile, target }).flatMap(([flag, value]) =>
    value === undefined ? [] : [`--${flag}`, quoteWord(value)],
  );
  return ['restore', quoteWord(name), ...flags, ...parts.map(quoteWord)].join(' ');
}

export function exitOfRestore({ verdict, failure }: RestoreReport): Exit {
  if (failure) return exitOf(failure);
  return verdict === 'incomplete' ? EXIT.incomplete : EXIT.ok;
}

/** A source of the policy; or one that it does not have (any more), which then came in on stdin. */
function sourceNamed(policy: Policy, name: string): SourceSpec {
  return policy.sources[name] ?? stdinSpec(name, { file: policy.file, line: 1, column: 1 });
}

export function tellRestoreTroubles(
  { terminal, signal }: Invocation,
  { skipped, problems, failure }: RestoreReport,
): void {
  const { verbose } = terminal.options;
  for (const { what, failure: why } of verbose ? skipped : skipped.slice(0, SHOWN)) {
    terminal.warn(`not restored: ${printable(what)}: ${printable(why.message)} (${why.code})`);
  }
  const more = skipped.length - SHOWN;
  if (more > 0 && !verbose) terminal.warn(`and ${formatCounted(more, 'other')}; --verbose names all of them`);
  for (const problem of problems) terminal.warn(renderProblem(problem));
  if (failure && !signal.aborted) terminal.error(renderFailure(failure, terminal.paint.message));
}
