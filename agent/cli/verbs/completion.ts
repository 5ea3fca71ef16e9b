import type { Command } from 'commander';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { EXIT, type Exit } from '../exit.ts';
import { readGrammar, type VerbGrammar } from '../grammar.ts';
import type { Invocation } from '../invocation.ts';

/** The shells there is a script for, by the name that `completion` takes. */
export type Shell = 'bash' | 'zsh' | 'fish';

const SCRIPTS: Readonly<Record<Shell, (program: VerbGrammar) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** Prints the script for a shell, made of the description of the command line: a new verb is completed at once. */
export async function completion({ terminal }: Invocation, shell: Shell, program: Command): Promise<Exit> {
  const script = SCRIPTS[shell](readGrammar(program));
  if (terminal.options.json) terminal.json({ shell, script });
  else terminal.data(script);
  return EXIT.ok;
}
