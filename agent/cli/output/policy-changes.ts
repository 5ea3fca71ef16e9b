import type { Change } from '../../config/changes.ts';
import type { Consequence } from '../../config/consequence.ts';
import type { Json } from '../../contract/index.ts';
import type { Paint } from './paint.ts';
import { printable } from './printable.ts';
import { formatCounted } from './size.ts';

/** A change of a policy, and what follows from it. */
export interface ToldChange extends Change {
  readonly consequences: readonly Consequence[];
}

const MARKS = { added: '+', removed: '-', changed: '~' } as const;
const COLOURS = { added: 'green', removed: 'red', changed: 'yellow' } as const;

/** Changes for a terminal: one line each, what follows below it. */
export function renderChanges(changes: readonly ToldChange[], paint: Paint): string {
  return changes
    .map((change) => {
      const kind = kindOf(change);
      const told = change.consequences.map(({ level, text }) =>
        level === 'risk' ? `    ${paint('red', '!')} ${text}\n` : `    ${paint('dim', '·')} ${text}\n`,
      );
      return `${paint(COLOURS[kind], MARKS[kind])} ${paint('bold', nameOf(change))}  ${spoken(change)}\n${told.join('')}`;
    })
    .join('');
}

/** The same as GitHub and GitLab show it, for the comment of a pull request. What may lose something comes first. */
export function renderChangesAsMarkdown(changes: readonly ToldChange[], title: string): string {
  const risks = changes.filter(({ consequences }) => consequences.some(({ level }) => level === 'risk'));
  const others = changes.filter((change) => !risks.includes(change));
  const count = `${formatCounted(changes.length, 'change')}, ${risks.length === 0 ? 'none of them risky' : `${risks.length} to look at`}`;
  const section = (heading: string, some: readonly ToldChange[]) =>
    some.length === 0 ? [] : ['', `**${heading}**`, '', ...some.flatMap(bullets)];
  if (changes.length === 0) return `### ${escaped(title)}\n\nThe policy says the same as before.\n`;
  const lines = [
    `### ${escaped(title)}`,
    '',
    `${count}.`,
    ...section('Look at these', risks),
    ...section('Other changes', others),
  ];
  return `${lines.join('\n')}\n`;
}

function bullets(change: ToldChange): string[] {
  const what = { added: 'new', removed: 'gone', changed: 'changed' }[kindOf(change)];
  const consequences = change.consequences.map(
    ({ level, text }) => `  - ${level === 'risk' ? ':warning: ' : ''}${escaped(text)}`,
  );
  return [`- ${code(nameOf(change))} ${what}: ${valuesOf(change).map(code).join(' → ')}`, ...consequences];
}

function kindOf({ before, after }: Change): keyof typeof MARKS {
  return before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
}

function nameOf({ path }: Change): string {
  return printable(path.join('.') || 'the policy');
}

function spoken(change: Change): string {
  return valuesOf(change).join(' → ');
}

function valuesOf({ before, after }: Change): string[] {
  return [before, after].flatMap((value) => (value === undefined ? [] : [short(value)]));
}

/** As much of a value as fits into a line. */
function short(value: Json): string {
  const text = printable(typeof value === 'string' ? value : flow(value));
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

/** As YAML writes it on one line. */
function flow(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).map(([name, part]) => `${name}: ${flow(part)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

/** A code span that no text ends from within: CommonMark 6.1, a longer run of backticks outside than inside. */
function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return longest === 0 ? `${fence}${text}${fence}` : `${fence} ${text} ${fence}`;
}

function escaped(text: string): string {
  return printable(text).replaceAll(/[\\`*_[\]<>#|@]/g, '\\$&');
}
