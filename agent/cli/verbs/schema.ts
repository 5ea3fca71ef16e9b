import { type Gathered, gatherPolicy } from '../../config/gathering.ts';
import { publishedSchemas } from '../../config/published.ts';
import { searchUpward } from '../../config/search.ts';
import { noVariables } from '../../config/variables.ts';
import { builtinPlugins } from '../builtin.ts';
import { EXIT, type Exit } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { renderDiagnostic } from '../output/diagnostic.ts';

export interface SchemaOptions {
  readonly part?: boolean;
}

/**
 * Prints the JSON Schema of the policy language for editors, with the plugins that the policy brings where there is one. What
 * could not be read of it is told, and missing from the schema.
 */
export async function schema(invocation: Invocation, { part }: SchemaOptions): Promise<Exit> {
  const { terminal, cwd } = invocation;
  const { plugins, diagnostics } = await gatherWherePolicyIs(invocation);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  for (const diagnostic of errors) terminal.error(renderDiagnostic(diagnostic, cwd, terminal.paint.message));
  terminal.json(publishedSchemas(plugins).get(part ? 'policy-part.schema.json' : 'policy.schema.json'));
  return errors.length === 0 ? EXIT.ok : EXIT.policyInvalid;
}

/** Whoever begins has no policy yet, and that is no mistake. */
async function gatherWherePolicyIs({
  cwd,
  policy: path,
}: Invocation): Promise<Pick<Gathered, 'plugins' | 'diagnostics'>> {
  const plugins = builtinPlugins();
  if (path === undefined && (await searchUpward(cwd)) === undefined) return { plugins, diagnostics: [] };
  return gatherPolicy({ cwd, ...(path !== undefined && { path }) }, { variables: noVariables, plugins });
}
