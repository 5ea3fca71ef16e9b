import { hostname } from 'node:os';
import { type Loaded, loadPolicy } from '../config/load.ts';
import type { Job, Policy } from '../config/policy.ts';
import type { PluginRegistry } from '../config/registry.ts';
import { variablesOf } from '../config/variables.ts';
import { fail } from '../contract/index.ts';
import { builtinPlugins } from './builtin.ts';
import type { Invocation } from './invocation.ts';
import { countDiagnostics, renderDiagnostic } from './output/diagnostic.ts';

/** The policy that the command line names, or the one found from here upward. */
export async function findPolicy({ policy: path, cwd, env }: Invocation): Promise<Loaded> {
  const plugins = builtinPlugins();
  const variables = variablesOf(env, 'missing');
  return loadPolicy({ cwd, host: hostname(), plugins, variables, ...(path !== undefined && { path }) });
}

/** The policy of a verb that needs a good one. Its mistakes are shown, and end the verb with exit 78. */
export async function requirePolicy(invocation: Invocation): Promise<{ policy: Policy; plugins: PluginRegistry }> {
  const { terminal, cwd } = invocation;
  const { policy, diagnostics, plugins } = await findPolicy(invocation);
  const ignored = diagnostics.filter(({ code }) => code === 'HF4901');
  const warnings = diagnostics.filter(({ severity, code }) => severity === 'warning' && code !== 'HF4901');
  const told = policy ? warnings : diagnostics;
  for (const diagnostic of told) terminal.error(renderDiagnostic(diagnostic, cwd, terminal.paint.message));
  // One line, at every verb: what a host ignores is not to be forgotten, nor to hide the rest.
  if (policy && ignored.length > 0) {
    const parts = [...new Set(ignored.map(({ message }) => /^"([^"]*)"/.exec(message)?.[1] ?? message))];
    terminal.warn(`Parts of the policy are not yet available, and ignored: ${parts.join(', ')} (HF4901).`);
  }
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
