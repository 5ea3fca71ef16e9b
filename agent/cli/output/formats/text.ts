import { countDiagnostics, renderDiagnostic, shortPath } from '../diagnostic.ts';
import type { Paint } from '../paint.ts';
import { printable } from '../printable.ts';
import { formatCounted } from '../size.ts';
import type { Validation } from './format.ts';

interface TextOptions {
  readonly cwd: string;
  readonly paint: Paint;
  /** The command that explains a code. */
  explain(code: string): string;
}

/** For people: every diagnostic at its line, one line that counts them, and where more is said about the first. */
export function renderText(validation: Validation, { cwd, paint, explain }: TextOptions): string {
  const { diagnostics } = validation;
  const told = diagnostics.map((diagnostic) => `${renderDiagnostic(diagnostic, cwd, paint)}\n`);
  const [first] = diagnostics.filter(({ severity }) => severity === 'error').concat(diagnostics);
  const more = first === undefined ? '' : `${paint('dim', 'What a code means:')} ${explain(first.code)}\n`;
  return `${told.join('')}${verdict(validation, cwd, paint)}${more}`;
}

function verdict({ valid, strict, files, diagnostics, jobs }: Validation, cwd: string, paint: Paint): string {
  const where = files.map((file) => printable(shortPath(file, cwd))).join(', ');
  const what = [where, countDiagnostics(diagnostics) || 'no mistakes'].filter(Boolean).join(': ');
  const refused = strict && !valid && jobs !== undefined ? ' Warnings fail too: --strict.' : '';
  const run = valid && jobs !== undefined ? ` ${formatCounted(jobs, 'job')} can run.` : '';
  return `${valid ? paint('green', '✔') : paint('red', '✖')} ${what}.${run}${refused}\n`;
}
