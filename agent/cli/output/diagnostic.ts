import path from 'node:path';
import type { Diagnostic, Severity } from '../../config/diagnostic.ts';
import type { Paint, Tone } from './paint.ts';
import { printable } from './printable.ts';
import { formatCounted } from './size.ts';
import { renderFacts } from './table.ts';
import { displayWidth } from './width.ts';

const TONES: Readonly<Record<Severity, Tone>> = { error: 'red', warning: 'yellow', note: 'cyan' };

/**
 * A diagnostic as compilers show one: `file:line:column`, what is wrong, the line, a caret below the place.
 *
 * ```
 * holdfast.yaml:14:5: error[HF2001] unknown field "retension"
 *    14 │     retension: { daily: 7 }
 *       │     ^^^^^^^^^ did you mean "retention"?
 * ```
 */
export function renderDiagnostic(diagnostic: Diagnostic, cwd: string, paint: Paint): string {
  const { severity, code, message, at } = diagnostic;
  const place = `${printable(shortPath(at.file, cwd))}:${at.line}:${at.column}`;
  const head = `${place}: ${paint(TONES[severity], `${severity}[${code}]`)} ${paint('bold', printable(message))}\n`;
  const shown = diagnostic.sourceLine.trim() === '' ? '' : excerpt(diagnostic, paint);
  return head + shown + renderFacts(beside(diagnostic, cwd), paint);
}

function beside({ hint, origin, related = [] }: Diagnostic, cwd: string): [string, string][] {
  return [
    ...(hint === undefined ? [] : [['hint', printable(hint)] as [string, string]]),
    ...(origin === undefined ? [] : [['origin', printable(origin)] as [string, string]]),
    ...related.map(({ message, at }): [string, string] => [
      'see',
      printable(`${shortPath(at.file, cwd)}:${at.line}:${at.column}: ${message}`),
    ]),
  ];
}

/** `1 error, 2 warnings`; the empty text when there is nothing to count. */
export function countDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const severities: readonly Severity[] = ['error', 'warning', 'note'];
  return severities
    .map((severity) => ({ severity, count: diagnostics.filter((one) => one.severity === severity).length }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => formatCounted(count, severity))
    .join(', ');
}

/** The path relative to `cwd` where that is shorter to read, as it is elsewhere. */
export function shortPath(file: string, cwd: string): string {
  const relative = path.relative(cwd, file);
  return relative === '' || relative.startsWith('..') ? file : relative;
}

function excerpt({ at, sourceLine, sourceColumn, lineBefore, severity, suggestion }: Diagnostic, paint: Paint): string {
  const margin = String(at.line).length + 2;
  const row = (number: string, text: string) => `${paint('dim', `${number.padStart(margin)} │`)} ${text}`.trimEnd();
  const before = expanded(sourceLine.slice(0, sourceColumn - 1));
  const marked = expanded(sourceLine.slice(sourceColumn - 1, sourceColumn - 1 + (at.endColumn - at.column)));
  const carets = '^'.repeat(Math.max(1, displayWidth(marked)));
  const meant = suggestion === undefined ? '' : ` did you mean "${printable(suggestion)}"?`;
  return [
    ...(lineBefore?.trim() ? [row(String(at.line - 1), expanded(lineBefore))] : []),
    row(String(at.line), expanded(sourceLine)),
    row('', ' '.repeat(displayWidth(before)) + paint(TONES[severity], carets + meant)),
    '',
  ].join('\n');
}

// A tab is as wide as its column makes it; the caret below must not depend on that.
function expanded(text: string): string {
  return printable(text.replaceAll('\t', '  '));
}
