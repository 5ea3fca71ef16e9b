import { type Change, fail } from '../contract/index.ts';
import { type ChangeTotals, overwritten } from '../recovery/change-totals.ts';
import type { RestoreReport } from '../recovery/restore-report.ts';
import { askYes } from '../security/question.ts';
import type { Invocation } from './invocation.ts';
import { changeSummary } from './output/change-list.ts';
import { formatTime } from './output/duration.ts';
import { printable } from './output/printable.ts';
import { formatCounted } from './output/size.ts';
import { type RestoreOptions, restoreCommand } from './restore-command.ts';

/** Whoever is asked sees so many changes, and how many more there are. */
export const CHANGES_SHOWN = 12;

interface Asked {
  readonly name: string;
  readonly parts: readonly string[];
  readonly options: RestoreOptions;
  /** The first changes to what is there; what would be removed before others. */
  readonly first: readonly Change[];
  readonly totals: ChangeTotals;
  readonly snapshot: NonNullable<RestoreReport['snapshot']>;
}

/** Whether to change what is there: `--yes`, or somebody says so who has seen what it is. `CONFIRMATION_NEEDED` when nobody is there. */
export async function confirmed(invocation: Invocation, asked: Asked): Promise<boolean> {
  const { terminal, signal, command } = invocation;
  const { name, parts, options, first, totals, snapshot } = asked;
  if (options.yes === true) return true;
  const count = overwritten(totals);
  if (terminal.options.json || !process.stdin.isTTY || !process.stderr.isTTY)
    fail({
      code: 'CONFIRMATION_NEEDED',
      message: `${formatCounted(count, 'thing')} that ${count === 1 ? 'is' : 'are'} there would be changed or removed, and there is nobody to ask.`,
      origin: 'agent',
      permanent: true,
      hint: [
        `see what:  ${command(restoreCommand(name, parts, { ...options, dryRun: true }))}`,
        `do it:     ${command(restoreCommand(name, parts, { ...options, yes: true }))}`,
      ].join('\n'),
    });
  terminal.clearProgress();
  const paint = terminal.paint.message;
  const { id, started, host } = snapshot;
  process.stderr.write(
    `${printable(name)} as of ${formatTime(new Date(started))} (snapshot ${id}, host ${printable(host)}) would be put over what is there:\n\n`,
  );
  process.stderr.write(changeSummary(first, count, totals, paint));
  return askYes({ question: 'Go on?', input: process.stdin, output: process.stderr, signal });
}
