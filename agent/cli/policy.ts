import { hostname } from 'node:os';
import type { Diagnostic } from '../config/diagnostic.ts';
import { type Loaded, loadPolicy } from '../config/load.ts';
import { nearest } from '../config/nearest.ts';
import type { Job, Policy } from '../config/policy.ts';
import type { PluginRegistry } from '../config/registry.ts';
import { variablesOf } from '../config/variables.ts';
import { fail, type Json } from '../contract/index.ts';
import { builtinPlugins } from './builtin.ts';
import type { Invocation } from './invocation.ts';
import { countDiagnostics, renderDiagnostic } from './output/diagnostic.ts';

/** The policy that the command line names, or the one found from here upward. */
export async function findPolicy({ policy: path, cwd, env, terminal }: Invocation): Promise<Loaded> {
  const plugins = builtinPlugins();
  const variables = variablesOf(env, 'missing');
  const place = { cwd, ...(path !== undefined && { path }) };
  const loaded = await loadPolicy({ ...place, host: hostname(), plugins, variables });
  for (const file of loaded.files) terminal.detail(`policy ${file}`);
  return loaded;
}

/**
 * The policy of a verb that needs a good one, and how it is written once everything is merged. Its mistakes are shown,
 * and end the verb with exit 78.
 */
export async function requirePolicy(
  invocation: Invocation,
): Promise<{ policy: Policy; plugins: PluginRegistry; written: Json }> {
  const { command } = invocation;
  const { policy, diagnostics, plugins, files, merged } = await findPolicy(invocation);
  const [first] = diagnostics;
  const notFound = first !== undefined && files.length === 0;
  if (!notFound) tellOf(invocation, diagnostics, policy === undefined);
  if (policy) return { policy, plugins, written: merged?.content ?? null };
  return fail({
    code: 'POLICY_INVALID',
    message: `The policy cannot be used: ${notFound ? first.message : countDiagnostics(diagnostics)}.`,
    origin: 'policy',
    permanent: true,
    hint: (notFound ? first.hint : undefined) ?? `${command('validate')} checks it again.`,
    detail: diagnostics.map(({ code, message, at }) => ({ code, message, file: at.file, line: at.line })),
  });
}

/** All that is wrong with a policy that cannot be used; of one that can, its warnings. */
function tellOf({ terminal, cwd }: Invocation, diagnostics: readonly Diagnostic[], all: boolean): void {
  const ignored = diagnostics.filter(({ code }) => code === 'HF4901');
  const warnings = diagnostics.filter(({ severity, code }) => severity === 'warning' && code !== 'HF4901');
  for (const diagnostic of all ? diagnostics : warnings) {
    terminal.error(renderDiagnostic(diagnostic, cwd, terminal.paint.message));
  }
  if (all || ignored.length === 0) return;
  // One line, at every verb: what a host ignores is not to be forgotten, nor to hide the rest.
  const parts = [...new Set(ignored.map(({ message }) => /^"([^"]*)"/.exec(message)?.[1] ?? message))];
  terminal.warn(`Parts of the policy are not yet available, and ignored: ${parts.join(', ')} (HF4901).`);
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
    hint:
      known.length === 0 ? `It has no ${what}s at all.` : [meant(name, known), `It has: ${known.join(', ')}`].join(''),
  });
}

function meant(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? '' : `Did you mean ${near}? `;
}
