import { fail } from '../contract/index.ts';
import { askYes } from '../security/question.ts';
import type { Invocation } from './invocation.ts';

export interface Confirmation {
  /** `--yes`. */
  readonly yes: boolean | undefined;
  /** What would happen, for who is not asked because nobody is there. */
  readonly message: string;
  /** The command that only shows it, and the one that does it. */
  readonly show: string;
  readonly act: string;
}

/** Whether to go on: `--yes`, or somebody says so who has seen the plan. `CONFIRMATION_NEEDED` when nobody is there to ask. */
export async function confirmedPlan(invocation: Invocation, asked: Confirmation): Promise<boolean> {
  const { terminal, signal, command } = invocation;
  if (asked.yes === true) return true;
  if (terminal.options.json || !process.stdin.isTTY || !process.stderr.isTTY)
    fail({
      code: 'CONFIRMATION_NEEDED',
      message: `${asked.message}, and there is nobody to ask.`,
      origin: 'agent',
      permanent: true,
      hint: [`see what:  ${command(asked.show)}`, `do it:     ${command(asked.act)}`].join('\n'),
    });
  return askYes({ question: 'Go on?', input: process.stdin, output: process.stderr, signal });
}
