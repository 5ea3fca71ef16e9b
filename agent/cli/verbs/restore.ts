import path from 'node:path';
import type { Policy, SourceSpec } from '../../config/policy.ts';
import type { PluginRegistry } from '../../config/registry.ts';
import { fail, type RestoreRequest } from '../../contract/index.ts';
import { type RestoreReport, restoreSource } from '../../recovery/restore.ts';
import { advisedReport } from '../advice.ts';
import { openEngine } from '../engine.ts';
import { EXIT, type Exit, exitOf } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { jobChoice } from '../job-choice.ts';
import { storedLast } from '../known-repository.ts';
import { readingOf } from '../open-repository.ts';
import { ChangeList, FirstChanges, JsonChanges } from '../output/change-list.ts';
import { renderFailure, renderProblem } from '../output/report.ts';
import { renderRestore } from '../output/restore-report.ts';
import { skippedLines } from '../output/skipped-lines.ts';
import { requirePolicy } from '../policy.ts';
import { unlockReader } from '../recovery-key.ts';
import { isAddress, nextOptions, type RestoreOptions, restoreCommand } from '../restore-command.ts';
import { CHANGES_SHOWN, confirmed } from '../restore-question.ts';
import { stdinPlugin, stdinSpec } from '../stdin-source.ts';

/** So many changes are listed on a terminal. */
const LISTED = 40;

/** Restores a source, or parts of it, into a folder or to where it was. */
export async function restore(
  invocation: Invocation,
  name: string,
  parts: readonly string[],
  options: RestoreOptions,
): Promise<Exit> {
  const { terminal, cwd, signal, command } = invocation;
  const conflict = conflictOf(options);
  const { policy, plugins } = await requirePolicy(invocation);
  const folder = path.resolve(cwd, options.into ?? `restored-${name}`);
  await using engine = await openEngine(invocation, plugins.with(stdinPlugin(process.stdin)));
  const list =
    options.dryRun !== true
      ? undefined
      : terminal.options.json
        ? new JsonChanges(terminal)
        : new ChangeList(terminal, LISTED);
  const first = new FirstChanges(CHANGES_SHOWN);
  const report = await restoreSource(engine, {
    ...readingOf(policy, options.target),
    source: sourceNamed(policy, name),
    stored: storedLast(engine),
    at: options.at,
    jobs: jobChoice(policy, name, options.job),
    ...(options.writer !== undefined && { writer: options.writer }),
    into: intoOf(options, folder),
    select: parts,
    conflict,
    compareContent: options.checksum === true,
    delete: options.delete === true,
    ...(options.mask !== undefined && { mask: options.mask }),
    ...(options.format !== undefined && { format: options.format }),
    ...(options.owner === false && { noOwner: true }),
    leave: [invocation.stateFolder, ...repositoryFolders(policy, plugins)],
    parallel: policy.limits.files,
    dryRun: options.dryRun === true,
    identity: () => unlockReader(invocation, options),
    signal,
    onChange(change) {
      list?.add(change);
      if (change.action !== 'make') first.add(change);
    },
    confirm: (totals, snapshot) => confirmed(invocation, { name, parts, options, first: first.all, totals, snapshot }),
    onProgress: ({ phase, bytes, expectedBytes }) =>
      // Parts of a snapshot are an unknown part of its size.
      terminal.progress({
        label: `${phase} ${name}`,
        done: bytes,
        ...(parts.length === 0 && { total: expectedBytes }),
      }),
  });
  terminal.clearProgress();
  const into = report.place ?? folder;
  if (list instanceof JsonChanges) list.end({ ...advisedReport(report), into });
  else if (terminal.options.json) terminal.json({ ...advisedReport(report), into });
  else {
    list?.end();
    terminal.report(renderRestore(report, into, terminal.paint.data), report.verdict === 'ok');
  }
  tellRestoreTroubles(invocation, report);
  const next = nextOptions(options, report);
  if (next !== undefined) terminal.message(`\nNext: ${command(restoreCommand(name, parts, next))}`);
  return exitOfRestore(report);
}

/** An address of a running system, or a folder. */
function intoOf({ inPlace, into }: RestoreOptions, folder: string): RestoreRequest['into'] {
  if (inPlace === true) return { original: true };
  return isAddress(into) ? { server: into } : { folder };
}

/** In place, only what differs is changed, unless something else was said. */
function conflictOf(options: RestoreOptions): 'error' | 'skip' | 'replace' {
  const conflict = options.conflict ?? (options.inPlace === true ? 'replace' : 'error');
  for (const option of ['delete', 'checksum'] as const) {
    if (options[option] === true && conflict !== 'replace')
      fail({
        code: 'USAGE',
        message: `--${option} needs something to compare with.`,
        origin: 'agent',
        permanent: true,
        hint: 'Say --in-place, or --conflict replace with --into <folder>.',
      });
  }
  return conflict;
}

/** Where targets of this host keep their objects: nothing there is changed, whatever the snapshot has. */
function repositoryFolders(policy: Policy, plugins: PluginRegistry): string[] {
  return Object.values(policy.targets).flatMap(
    ({ type, options }) => plugins.get('target', type)?.folder?.(options as never) ?? [],
  );
}

export function exitOfRestore({ verdict, failure }: RestoreReport): Exit {
  if (failure) return exitOf(failure);
  return verdict === 'incomplete' ? EXIT.incomplete : EXIT.ok;
}

/** A source of the policy; or one that it does not have (any more), which then came in on stdin. */
function sourceNamed(policy: Policy, name: string): SourceSpec {
  return policy.sources[name] ?? stdinSpec(name, { file: policy.file, line: 1, column: 1 });
}

export function tellRestoreTroubles({ terminal, signal }: Invocation, report: RestoreReport): void {
  const { problems, failure } = report;
  for (const line of skippedLines(report, terminal.options.verbose)) terminal.warn(line);
  for (const problem of problems) terminal.warn(renderProblem(problem));
  if (failure && !signal.aborted) terminal.error(renderFailure(failure, terminal.paint.message));
}
