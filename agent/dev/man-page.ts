/** The man page, from the description of the command line: man(7), as groff and mandoc read it. */
import { type Described, ENVIRONMENT, FILES } from '../cli/environment.ts';
import { EXIT_MEANINGS } from '../cli/exit.ts';
import { type ArgumentGrammar, allVerbs, type OptionGrammar, type VerbGrammar } from '../cli/grammar.ts';
import type { Example } from '../cli/help-text.ts';

export interface Edition {
  readonly version: string;
  /** When the text last changed, `2026-11-23`. */
  readonly date: string;
}

export function manPage(program: VerbGrammar, { version, date }: Edition): string {
  const verbs = allVerbs(program).filter((verb) => verb.verbs.length === 0);
  return lines([
    '.\\" Made by npm run generate; not to be edited.',
    `.TH HOLDFAST 1 ${date} "holdfast ${version}"`,
    ...section('NAME', [`holdfast \\- ${text(nameLine(program.description))}`]),
    ...section('SYNOPSIS', ['.B holdfast', `.RI [ options ] " verb " \\|.\\|.\\|.`]),
    ...section('DESCRIPTION', [
      prose(program.description),
      prose(
        'The policy says what is backed up, where to, for whom and how long. A host can write backups and not read them.',
      ),
      '.PP',
      prose(
        'What a verb finds goes to standard output, messages and progress go to standard error. With --json, exactly one JSON document is printed on standard output, also when something failed.',
      ),
    ]),
    ...section('OPTIONS', ['These stand before or after any verb.', ...program.options.flatMap(optionItem)]),
    ...section('VERBS', verbs.flatMap(verbPart)),
    ...section(
      'EXIT STATUS',
      Object.entries(EXIT_MEANINGS).flatMap(([code, { full }]) => item(bold(code), full)),
    ),
    ...section('ENVIRONMENT', ENVIRONMENT.flatMap(describedItem)),
    ...section('FILES', FILES.flatMap(describedItem)),
    ...section('EXAMPLES', exampleBlock(program.examples)),
  ]);
}

/** A phrase as whatis(1) lists it: no capital, no full stop. */
function nameLine(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, '');
}

function section(title: string, body: readonly string[]): string[] {
  return [`.SH ${title}`, ...body];
}

function verbPart({ path, description, options, arguments: expected, examples, notes }: VerbGrammar): string[] {
  const typed = ['holdfast', ...path].map(bold);
  return [
    `.SS ${text(path.join(' '))}`,
    [...typed, ...(options.length > 0 ? [`[${italic('options')}]`] : []), ...expected.map(argumentInLine)].join(' '),
    '.PP',
    prose(description),
    ...expected.flatMap((argument) => item(italic(argument.name), argument.description)),
    ...options.filter(({ long }) => long !== '--help').flatMap(optionItem),
    ...(examples.length > 0 ? ['.PP', 'For example:', ...exampleBlock(examples)] : []),
    ...notes.flatMap(({ heading, lines: shown }) => ['.PP', text(`${heading}:`), ...block(shown.map(text))]),
  ];
}

function argumentInLine({ name, required, variadic }: ArgumentGrammar): string {
  const word = italic(name) + (variadic ? '\\|.\\|.\\|.' : '');
  return required ? word : `[${word}]`;
}

function optionItem({ short, long, description, value }: OptionGrammar): string[] {
  const flags = [short, long].filter((flag) => flag !== undefined).map(bold);
  return item(flags.join(', ') + (value === undefined ? '' : ` ${italic(value.name)}`), description);
}

function describedItem([name, meaning]: Described): string[] {
  return item(bold(name), meaning);
}

function exampleBlock(examples: readonly Example[]): string[] {
  return block(examples.flatMap(([arguments_, meaning]) => [`# ${text(meaning)}`, bold(`holdfast ${arguments_}`)]));
}

function block(body: readonly string[]): string[] {
  return ['.RS 4', '.EX', ...body, '.EE', '.RE'];
}

function item(term: string, meaning: string): string[] {
  return ['.TP', term, prose(sentence(meaning))];
}

function sentence(phrase: string): string {
  const whole = phrase.charAt(0).toUpperCase() + phrase.slice(1);
  return /[.:?!]$/.test(whole) ? whole : `${whole}.`;
}

function bold(literal: string): string {
  return `\\fB${typed(literal)}\\fR`;
}

function italic(name: string): string {
  return `\\fI${text(name)}\\fR`;
}

/** What is typed as it stands: a hyphen is a minus there, so that it can be copied; quotes and carets stay plain ASCII. */
function typed(literal: string): string {
  return text(literal)
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti');
}

/** Plain text as roff takes it: groff_char(7). A control character at the beginning of a line is none behind `\&`. */
function text(plain: string): string {
  return plain
    .replaceAll('\\', '\\(rs')
    .replaceAll('-', '\\-')
    .replace(/[^\x20-\x7e]/gu, escapedCharacter)
    .replace(/^[.']/, '\\&$&');
}

function escapedCharacter(character: string): string {
  return `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`;
}

/** Every sentence on a line of its own, so that a change of the page shows what changed. */
function prose(plain: string): string {
  return plain
    .split(/(?<=[.?!]) (?=[A-Z])/)
    .map(text)
    .join('\n');
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
