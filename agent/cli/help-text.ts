import type { Command } from 'commander';

/** What is typed after `holdfast`, and what it does. */
export type Example = readonly [arguments_: string, meaning: string];

/** A heading, and lines that are shown as they are. */
export interface Note {
  readonly heading: string;
  readonly lines: readonly string[];
}

interface HelpText {
  readonly examples: readonly Example[];
  readonly notes: readonly Note[];
}

const WIDTH = 80;
const texts = new WeakMap<Command, HelpText>();

/** What was added to the help of `command`: for whatever else is made of it, such as the man page. */
export function helpTextOf(command: Command): HelpText {
  return texts.get(command) ?? { examples: [], notes: [] };
}

/** Examples come first: most people who ask for help want to see the command, not the grammar. */
export function addExamples(command: Command, examples: readonly Example[]): Command {
  texts.set(command, { ...helpTextOf(command), examples });
  return command.addHelpText('before', `Examples:\n${exampleLines(examples)}`);
}

export function addNote(command: Command, note: Note): Command {
  const { examples, notes } = helpTextOf(command);
  texts.set(command, { examples, notes: [...notes, note] });
  return command.addHelpText('after', `\n${note.heading}:\n${note.lines.map((line) => `  ${line}`).join('\n')}`);
}

/** Side by side where they fit on a common terminal, each under its meaning elsewhere. */
function exampleLines(examples: readonly Example[]): string {
  const width = Math.max(0, ...examples.map(([arguments_]) => arguments_.length));
  const beside = examples.map(([arguments_, meaning]) => `  holdfast ${arguments_.padEnd(width)}  ${meaning}\n`);
  if (beside.every((line) => line.length <= WIDTH)) return beside.join('');
  return examples.map(([arguments_, meaning]) => `  # ${meaning}\n  holdfast ${arguments_}\n`).join('');
}
