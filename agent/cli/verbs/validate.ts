import { existsSync } from 'node:fs';
import { EXIT, type Exit } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { countDiagnostics, renderDiagnostic, shortPath } from '../output/diagnostic.ts';
import { formatCounted } from '../output/size.ts';
import { findPolicy } from '../policy.ts';
import { recoveryKeyFile } from '../recovery-key.ts';

/** Checks the policy without touching the environment or the network. Mistakes are data here, so they go to stdout. */
export async function validate(invocation: Invocation): Promise<Exit> {
  const { terminal, cwd, stateFolder } = invocation;
  const { policy, diagnostics, files } = await findPolicy(invocation);
  const keyHere = existsSync(recoveryKeyFile(stateFolder)) ? recoveryKeyFile(stateFolder) : undefined;
  const valid = policy !== undefined;
  if (terminal.options.json) {
    terminal.json({ valid, files, diagnostics, recoveryKeyOnThisHost: keyHere ?? null });
  } else {
    const paint = terminal.paint.data;
    for (const diagnostic of diagnostics) terminal.data(`${renderDiagnostic(diagnostic, cwd, paint)}\n`);
    const counted = countDiagnostics(diagnostics);
    const where = files.map((file) => shortPath(file, cwd)).join(', ');
    const checked = policy ? ` ${formatCounted(Object.keys(policy.jobs).length, 'job')} can run.` : '';
    const mark = valid ? paint('green', '✔') : paint('red', '✖');
    terminal.data(`${mark} ${[where, counted || 'no mistakes'].filter(Boolean).join(': ')}.${checked}\n`);
  }
  if (keyHere) terminal.warn(`The recovery key still lies on this host: ${keyHere}. Take it off, to two other places.`);
  if (valid) terminal.message(`\nNext: ${invocation.command('plan')}`);
  return valid ? EXIT.ok : EXIT.policyInvalid;
}
