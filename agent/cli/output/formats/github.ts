import { randomBytes } from 'node:crypto';
import { titleOf } from '../../../config/codes.ts';
import type { Diagnostic, Severity } from '../../../config/diagnostic.ts';
import { adviceOf } from '../advice.ts';
import { printable } from '../printable.ts';
import { formatCounted } from '../size.ts';
import type { Validation } from './format.ts';

/** Annotations of one kind that GitHub shows for a step; it drops the rest without a word. */
const MOST = 10;

const COMMANDS = { error: 'error', warning: 'warning', note: 'notice' } as const satisfies Record<Severity, string>;

/**
 * The text for people, then a workflow command for each diagnostic, which GitHub shows beside its line:
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions. The last of ten stands for all that follow.
 */
export function renderGithub(validation: Validation, text: string): string {
  const severities: readonly Severity[] = ['error', 'warning', 'note'];
  const commands = severities.flatMap((severity) => {
    const all = validation.diagnostics.filter((one) => one.severity === severity);
    const told = all.length > MOST ? all.slice(0, MOST - 1) : all;
    const rest = all.length - told.length;
    const annotations = told.map((diagnostic) => annotation(diagnostic, validation));
    return rest === 0 ? annotations : [...annotations, summedUp(severity, rest)];
  });
  return `${harmless(text)}${commands.join('')}`;
}

function annotation(diagnostic: Diagnostic, { checkout }: Validation): string {
  const { severity, code, message, at } = diagnostic;
  const file = checkout.pathOf(at.file);
  const title = `${code} ${titleOf(code)}`.trim();
  // The last column, not the one after it. GitHub knows nothing of files outside the checkout: they are named in the message.
  const place =
    file === undefined ? {} : { file, line: at.line, endLine: at.line, col: at.column, endColumn: at.endColumn - 1 };
  const lines = [
    printable(file === undefined ? `${checkout.placeOf(at)}: ${message}` : message),
    ...adviceOf(diagnostic, (place) => checkout.placeOf(place)),
  ];
  return command(COMMANDS[severity], { ...place, title }, lines.join('\n'));
}

function summedUp(severity: Severity, rest: number): string {
  const message = `and ${formatCounted(rest, `more ${severity}`)}: see the log, or the summary of this job`;
  return command(COMMANDS[severity], { title: 'Holdfast' }, message);
}

function command(name: string, properties: Readonly<Record<string, string | number>>, message: string): string {
  const given = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(printable(String(value)))}`);
  return `::${name} ${given.join(',')}::${escapeMessage(message)}\n`;
}

function escapeMessage(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/**
 * The runner carries out commands in whatever a step prints: `::…` at the beginning of a line and, in its older form, `##[…]`
 * anywhere. A line of a policy is shown as it is, so the runner is told not to look meanwhile.
 */
export function harmless(text: string): string {
  if (!/::|##\[/.test(text)) return text;
  const token = randomBytes(16).toString('hex');
  return `::stop-commands::${token}\n${text}::${token}::\n`;
}
