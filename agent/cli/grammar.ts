import type { Argument, Command, Option } from 'commander';
import { type Example, helpTextOf, type Note } from './help-text.ts';

/** What a policy declares by name. */
export type NameKind = 'jobs' | 'sources' | 'targets';

/** What a value can be, for a shell that completes it. */
export type Values =
  | { readonly kind: 'any' | 'files' | 'folders' }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'names'; readonly of: NameKind };

export interface OptionGrammar {
  /** As it is typed: `-p`. */
  readonly short?: string;
  readonly long: string;
  readonly description: string;
  /** Absent: it takes no value. */
  readonly value?: { readonly name: string; readonly values: Values };
}

export interface ArgumentGrammar {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  /** Takes all that follows. */
  readonly variadic: boolean;
  readonly values: Values;
}

/** One verb, or the program itself, whose `path` is empty. Hidden verbs and options are left out. */
export interface VerbGrammar {
  readonly path: readonly string[];
  readonly summary: string;
  readonly description: string;
  readonly examples: readonly Example[];
  readonly notes: readonly Note[];
  readonly options: readonly OptionGrammar[];
  readonly arguments: readonly ArgumentGrammar[];
  readonly verbs: readonly VerbGrammar[];
}

/** The command line that `program` describes, as data: completions and the man page are made of it. */
export function readGrammar(program: Command): VerbGrammar {
  return readVerb(program, [], program.createHelp().visibleCommands(program).map(nameOf));
}

/** The verb and all below it. */
export function allVerbs(verb: VerbGrammar): readonly VerbGrammar[] {
  return [verb, ...verb.verbs.flatMap(allVerbs)];
}

function readVerb(command: Command, path: readonly string[], top: readonly string[]): VerbGrammar {
  const help = command.createHelp();
  return {
    path,
    summary: command.summary(),
    description: command.description(),
    ...helpTextOf(command),
    options: help.visibleOptions(command).map((option) => readOption(option, help.optionDescription(option), top)),
    arguments: command.registeredArguments.map((argument) =>
      readArgument(argument, help.argumentDescription(argument), top),
    ),
    verbs: help.visibleCommands(command).map((below) => readVerb(below, [...path, below.name()], top)),
  };
}

function readOption(option: Option, description: string, top: readonly string[]): OptionGrammar {
  const [, name] = /[<[]([^>\].]+)/.exec(option.flags) ?? [];
  return {
    ...(option.short !== undefined && { short: option.short }),
    long: option.long ?? option.flags,
    description,
    ...(name !== undefined && { value: { name, values: valuesOf(name, option.argChoices, top) } }),
  };
}

function readArgument(argument: Argument, description: string, top: readonly string[]): ArgumentGrammar {
  const { required, variadic, argChoices } = argument;
  const name = argument.name();
  return { name, description, required, variadic, values: valuesOf(name, argChoices, top) };
}

/** A value is known by its name in the description: `--into <folder>` takes a folder, `run [job...]` takes jobs. */
function valuesOf(name: string, choices: readonly string[] | undefined, top: readonly string[]): Values {
  if (choices !== undefined) return { kind: 'words', words: choices };
  switch (name) {
    case 'file':
      return { kind: 'files' };
    case 'folder':
      return { kind: 'folders' };
    case 'point':
    case 'to':
      return { kind: 'words', words: ['latest'] };
    case 'from':
      return { kind: 'words', words: ['previous', 'latest'] };
    case 'verb':
      return { kind: 'words', words: top };
    case 'job':
    case 'source':
    case 'target':
      return { kind: 'names', of: `${name}s` };
    default:
      return { kind: 'any' };
  }
}

function nameOf(command: Command): string {
  return command.name();
}
