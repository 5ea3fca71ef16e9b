import { appendFile, stat } from 'node:fs/promises';
import type { Diagnostic } from '../../../config/diagnostic.ts';
import { adviceOf } from '../advice.ts';
import { countDiagnostics } from '../diagnostic.ts';
import { printable } from '../printable.ts';
import { formatCounted } from '../size.ts';
import type { Validation } from './format.ts';

/** Of the summary of one step; GitHub refuses a longer one as a whole. */
const LARGEST_BYTES = 2 ** 20;

/** Adds all diagnostics to the summary that GitHub shows for the job, as far as they fit. Throws what the file system throws. */
export async function appendStepSummary(validation: Validation, file: string): Promise<void> {
  const { size = 0 } = (await stat(file).catch(missing)) ?? {};
  await appendFile(file, stepSummary(validation, LARGEST_BYTES - size));
}

function missing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** Markdown in at most `room` bytes: a heading and a table, the worst first; what does not fit is counted. */
export function stepSummary(validation: Validation, room: number): string {
  const { diagnostics, files, valid, checkout } = validation;
  const where = files.map((file) => checkout.shown(file)).join(', ');
  const head = `### ${valid ? '✅' : '❌'} Holdfast: ${plain([where, countDiagnostics(diagnostics) || 'no mistakes'].filter(Boolean).join(': '))}\n\n`;
  const table = '| | place | code | what is wrong |\n|---|---|---|---|\n';
  const rows = (['error', 'warning', 'note'] as const)
    .flatMap((severity) => diagnostics.filter((one) => one.severity === severity))
    .map((diagnostic) => row(diagnostic, validation));
  const kept: string[] = [];
  let left = room - Buffer.byteLength(head + table) - 100;
  for (const text of rows) {
    left -= Buffer.byteLength(text);
    if (left < 0) break;
    kept.push(text);
  }
  const rest = rows.length - kept.length;
  const more = rest === 0 ? '' : `\nand ${formatCounted(rest, 'more line')}: see the log.\n`;
  const whole = rows.length === 0 ? head : `${head}${table}${kept.join('')}${more}\n`;
  return Buffer.byteLength(whole) <= room ? whole : '';
}

function row(diagnostic: Diagnostic, { checkout }: Validation): string {
  const { severity, code, message, at } = diagnostic;
  const words = [message, ...adviceOf(diagnostic, (place) => checkout.placeOf(place))].map(plain).join('<br>');
  return `| ${severity} | ${plain(checkout.placeOf(at))} | ${plain(code)} | ${words} |\n`;
}

/** Text as Markdown that means nothing but this text: a character reference is never markup (GitHub Flavored Markdown, 6.2). */
function plain(text: string): string {
  return printable(text).replace(/[!-/:-@[-`{-~]/g, (character) => `&#${character.charCodeAt(0)};`);
}
