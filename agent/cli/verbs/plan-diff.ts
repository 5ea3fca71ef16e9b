import { hostname } from 'node:os';
import { changesBetween } from '../../config/changes.ts';
import { consequencesOf } from '../../config/consequences.ts';
import { gatherPolicy } from '../../config/gathering.ts';
import { policyOf, writtenPolicy } from '../../config/load.ts';
import { variablesOf } from '../../config/variables.ts';
import { fail, type Json } from '../../contract/index.ts';
import { builtinPlugins } from '../builtin.ts';
import { EXIT, type Exit } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { countDiagnostics, renderDiagnostic } from '../output/diagnostic.ts';
import { renderChanges, renderChangesAsMarkdown, type ToldChange } from '../output/policy-changes.ts';
import { formatCounted } from '../output/size.ts';

/** Shows what the policy has otherwise than the one at `old`, and what follows from it. Reads the two policies and nothing else. */
export async function planDiff(
  invocation: Invocation,
  old: string,
  options: { readonly markdown?: boolean },
): Promise<Exit> {
  const { terminal } = invocation;
  const [before, after] = [await readOne(invocation, old), await readOne(invocation, invocation.policy)];
  const both = { before: before.policy, after: after.policy };
  const changes = changesBetween(before.written, after.written).map(
    (change): ToldChange => ({ ...change, consequences: consequencesOf(change, both) }),
  );
  if (terminal.options.json) terminal.json({ changes: changes.map(described) });
  else if (options.markdown) terminal.data(renderChangesAsMarkdown(changes, 'What this changes in the backup policy'));
  else {
    terminal.data(renderChanges(changes, terminal.paint.data));
    const risks = changes.flatMap(({ consequences }) => consequences.filter(({ level }) => level === 'risk'));
    const risky = risks.length === 0 ? '' : `, ${formatCounted(risks.length, 'risk')}`;
    terminal.message(changes.length === 0 ? 'No changes.' : `\n${formatCounted(changes.length, 'change')}${risky}.`);
  }
  return EXIT.ok;
}

/** A policy that may be for another environment than this: variables that are not set here stay as they are written. */
async function readOne(invocation: Invocation, path: string | undefined) {
  const { cwd, env, terminal } = invocation;
  const variables = variablesOf(env, 'unknown');
  const gathered = await gatherPolicy(
    { cwd, ...(path !== undefined && { path }) },
    { variables, plugins: builtinPlugins() },
  );
  const { policy, diagnostics } = policyOf(gathered, hostname());
  const secret = (gathered.text?.secrets.length ?? 0) > 0;
  if (policy !== undefined && !secret) return { policy, written: writtenPolicy(gathered) };
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const told = errors.length > 0 ? errors : diagnostics.filter(({ code }) => code === 'HF5001');
  for (const diagnostic of told) terminal.error(renderDiagnostic(diagnostic, cwd, terminal.paint.message));
  const name = path === undefined ? 'The policy' : `The policy ${path}`;
  return fail({
    code: 'POLICY_INVALID',
    message: `${name} cannot be compared: ${secret ? 'a secret is written into it' : countDiagnostics(told)}.`,
    origin: 'policy',
    permanent: true,
    ...(errors.length === 0 && !secret && { hint: 'set these variables, or give them defaults: ${NAME:-value}' }),
  });
}

function described({ path, before, after, consequences }: ToldChange): Json {
  return {
    path: [...path],
    before: before ?? null,
    after: after ?? null,
    consequences: consequences.map(({ level, text }) => ({ level, text })),
  };
}
