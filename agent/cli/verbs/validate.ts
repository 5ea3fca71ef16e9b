import { EXIT, type Exit } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { countDiagnostics, renderDiagnostic, shortPath } from '../output/diagnostic.ts';
import { formatCounted } from '../output/size.ts';
import { type CheckOptions, checkPolicyFully } from '../policy-check.ts';

/** Checks the policy, by default from its files alone. Mistakes are data here, so they go to stdout. */
export async function validate(invocation: Invocation, options: CheckOptions = {}): Promise<Exit> {
  const { terminal, cwd } = invocation;
  const { policy, diagnostics, files } = await checkPolicyFully(invocation, options);
  const valid = !diagnostics.some(({ severity }) => severity === 'error');
  if (terminal.options.json) {
    terminal.json({ valid, files, diagnostics });
  } else {
    const paint = terminal.paint.data;
    for (const diagnostic of diagnostics) terminal.data(`${renderDiagnostic(diagnostic, cwd, paint)}\n`);
    const counted = countDiagnostics(diagnostics);
    const where = files.map((file) => shortPath(file, cwd)).join(', ');
    const checked = policy ? ` ${formatCounted(Object.keys(policy.jobs).length, 'job')} can run.` : '';
    const mark = valid ? paint('green', '✔') : paint('red', '✖');
    terminal.data(`${mark} ${[where, counted || 'no mistakes'].filter(Boolean).join(': ')}.${checked}\n`);
  }
  if (valid) terminal.message(`\nNext: ${invocation.command('plan')}`);
  return valid ? EXIT.ok : EXIT.policyInvalid;
}
