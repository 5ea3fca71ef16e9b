import type { Command, CommanderError } from 'commander';
import { nearest } from '../config/nearest.ts';
import type { Failure } from '../contract/index.ts';

const FIRST_STEPS = [
  'holdfast demo    tries it: backs up, verifies, restores and compares',
  'holdfast init    writes a policy, and makes what a first run needs',
  'holdfast --help  names every verb',
].join('\n');

/** What does what somebody meant who gave an option to a verb that does not take it, though others like it do. */
const INSTEAD: Readonly<Record<string, string>> = {
  'verify --at': [
    'verify looks at all snapshots together; the level restore restores the latest of each job.',
    'To prove one of them: holdfast restore <source> --at <point> --into <new folder>',
  ].join('\n'),
};

/** What commander found wrong with a command line, in our words, with what was probably meant. */
export function usageFailure({ code, message }: CommanderError, program: Command, argv: readonly string[]): Failure {
  const verb = verbOf(program, argv);
  const help = `${['holdfast', ...pathOf(verb)].join(' ')} --help says what it takes.`;
  const said = message.replace(/^error: /, '').replace(/\n\(Did you mean [^\n]*\)$/, '');
  if (code === 'commander.help') return usage('A verb is missing.', FIRST_STEPS);
  if (code === 'commander.unknownCommand') {
    const [, name = ''] = /^unknown command '([\s\S]*)'$/.exec(said) ?? [];
    return usage(`Unknown verb '${name}'.`, meant(name, namesBelow(program)) ?? 'holdfast --help names every verb.');
  }
  if (code === 'commander.unknownOption') {
    const [, flag = ''] = /^unknown option '([^=]*)[\s\S]*'$/.exec(said) ?? [];
    const instead = INSTEAD[`${verb.name()} ${flag}`];
    return usage(`Unknown option '${flag}'.`, instead ?? meant(flag, flagsOf(verb)) ?? help);
  }
  if (code === 'commander.invalidArgument') return wrongChoice(said) ?? usage(sentence(said), help);
  if (code === 'commander.optionMissingArgument') {
    const [, flag, value] = /^option '(?:-., )?(\S+) (\S+)'/.exec(said) ?? [];
    return usage(`The value of ${flag} is missing.`, `It is ${flag} ${value}. ${help}`);
  }
  const [excess = ''] = code === 'commander.excessArguments' ? (/(?<=got \d+: )[\s\S]*(?=\.$)/.exec(said) ?? []) : [];
  return usage(sentence(said), meant(excess.split(', ')[0] ?? '', namesBelow(verb)) ?? help);
}

/** `option '--conflict <what>' argument 'x' is invalid. Allowed choices are error, skip, replace.`, or the same of an argument. */
function wrongChoice(said: string): Failure | undefined {
  const option = /^option '(?:-., )?(\S+) [^']*' argument '([\s\S]*)' is invalid\. Allowed choices are (.*)\.$/.exec(
    said,
  );
  const argument =
    /^command-argument value '([\s\S]*)' is invalid for argument '(.*)'\. Allowed choices are (.*)\.$/.exec(said);
  const [, name, value, choices] = option ?? (argument ? [said, argument[2], argument[1], argument[3]] : []);
  if (name === undefined || value === undefined || choices === undefined) return undefined;
  const suggestion = meant(value, choices.split(', '));
  return usage(
    option ? `${name} cannot be '${value}'.` : `The ${name} cannot be '${value}'.`,
    `${suggestion === undefined ? '' : `${suggestion} `}It is one of: ${choices}.`,
  );
}

function meant(text: string, candidates: readonly string[]): string | undefined {
  const near = nearest(text, candidates);
  return near === undefined ? undefined : `Did you mean ${near}?`;
}

/** The verb that the words name, as far as they do; the program itself when they name none. */
function verbOf(program: Command, argv: readonly string[]): Command {
  let found = program;
  for (const word of argv) found = found.commands.find((command) => command.name() === word) ?? found;
  return found;
}

function pathOf(command: Command): readonly string[] {
  return command.parent === null ? [] : [...pathOf(command.parent), command.name()];
}

function namesBelow(command: Command): readonly string[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((below) => below.name());
}

function flagsOf(command: Command): readonly string[] {
  const help = command.createHelp();
  const options = [...help.visibleOptions(command), ...(command.parent ? help.visibleGlobalOptions(command) : [])];
  return options.flatMap(({ long }) => long ?? []);
}

function usage(message: string, hint: string): Failure {
  return { code: 'USAGE', message, origin: 'agent', permanent: true, hint };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;
}
