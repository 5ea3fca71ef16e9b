import { hostname } from 'node:os';
import { type Loaded, loadPolicy } from '../config/load.ts';
import type { Job, Policy } from '../config/policy.ts';
import type { PluginRegistry } from '../config/registry.ts';
import { fail } from '../contract/index.ts';
import { builtinPlugins } from './builtin.ts';
import type { Invocation } from './invocation.ts';
import { countDiagnostics, renderDiagnostic } from './output/diagnostic.ts';

/** The policy that the command line names, or the one found from here upward. */
export async function findPolicy({ policy: path, cwd }: Invocation): Promise<Loaded> {
  const plugins = builtinPlugins();
  return loadPolicy({ cwd, host: hostname(), plugins, ...(path !== undefined && { path }) });
}

/** The policy of a verb that needs a good one. Its mistakes are shown, and end the verb with exit 78. */
export async function requirePolicy(invocation: Invocation): Promise<{ policy: Policy; plugins: PluginRegistry }> {
  const { terminal, cwd } = invocation;
  const { policy, diagnostics, plugins } = await findPolicy(invocation);
  const told = policy ? diagnostics.filter(({ severity }) => severity === 'warning') : diagnostics;
  for (const diagnostic of told) terminal.error(renderDiagnostic(diagnostic, cwd, terminal.paint.message));
  if (policy) return { policy, plugins };
  return fail({
    code: 'POLICY_INVALID',
    message: `The policy cannot be used: ${countDiagnostics(diagnostics)}.`,
    origin: 'policy',
    permanent: true,
    detail: diagnostics.map(({ code, message, at }) => ({ code, message, file: at.file, line: at.line })),
  });
}

/** The jobs of these names, in the order of the policy; all of them when none is named. */
export function chooseJobs(policy: Policy, names: readonly string[]): readonly Job[] {
  for (const name of names) if (!Object.hasOwn(policy.jobs, name)) failUnknown('job', name, Object.keys(policy.jobs));
  const jobs = Object.values(policy.jobs);
  return names.length === 0 ? jobs : jobs.filter((job) => names.includes(job.name));
}

export function failUnknown(what: string, name: string, known: readonly string[]): never {
  fail({
    code: 'USAGE',
    message: `The policy has no ${what} named ${JSON.stringify(name)}.`,
    origin: 'agent',
    permanent: true,
    hint: known.length === 0 ? `It has no ${what}s at all.` : `It has: ${known.join(', ')}`,
  });
}
