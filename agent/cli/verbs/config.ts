import { hostname } from 'node:os';
import path from 'node:path';
import { Document, isMap, isScalar, isSeq, type Node, visit } from 'yaml';
import type { Place, Positions } from '../../config/diagnostic.ts';
import { gatherPolicy } from '../../config/gathering.ts';
import { policyOf } from '../../config/load.ts';
import { variablesOf } from '../../config/variables.ts';
import { fail, type Json } from '../../contract/index.ts';
import { builtinPlugins } from '../builtin.ts';
import { EXIT, type Exit } from '../exit.ts';
import type { Invocation } from '../invocation.ts';
import { countDiagnostics, renderDiagnostic, shortPath } from '../output/diagnostic.ts';
import { printable } from '../output/printable.ts';

export interface ShowOptions {
  readonly origin?: boolean;
  readonly host?: string;
}

/** Shows the policy as it is on one host, merged of all it was written in; with `--origin`, where each value was written. */
export async function showConfig(invocation: Invocation, options: ShowOptions): Promise<Exit> {
  const { terminal, cwd, env, policy: named } = invocation;
  const variables = variablesOf(env, 'unknown');
  const gathered = await gatherPolicy(
    { cwd, ...(named !== undefined && { path: named }) },
    { variables, plugins: builtinPlugins() },
  );
  const host = options.host ?? hostname();
  const { merged, diagnostics, files } = policyOf(gathered, host);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  for (const diagnostic of errors) terminal.error(renderDiagnostic(diagnostic, cwd, terminal.paint.message));
  // A policy with mistakes is shown too: seeing where a value comes from is how they are mended. Secrets are no such mistake.
  const secret = errors.some(({ code }) => code === 'HF2011') || (gathered.text?.secrets.length ?? 0) > 0;
  if (merged === undefined || secret) {
    return fail({
      code: 'POLICY_INVALID',
      message: `The policy cannot be shown: ${secret ? 'a secret is written into it' : countDiagnostics(errors)}.`,
      hint: 'holdfast validate says where it is wrong',
      origin: 'policy',
      permanent: true,
    });
  }
  const { content, positions } = merged;
  if (terminal.options.json) {
    const origins = options.origin ? { origins: originsOf(content, positions) } : {};
    terminal.json({ host, files, policy: content, ...origins });
  } else terminal.data(render(content, options.origin ? positions : undefined, cwd));
  return errors.length === 0 ? EXIT.ok : EXIT.policyInvalid;
}

function render(content: Json, positions: Positions | undefined, cwd: string): string {
  const document = new Document(content);
  if (positions !== undefined) {
    eachLeaf(document, (node, at) => {
      const { file, line } = positions.valueAt(at).at;
      const via = positions.originOf(at);
      const how = via === undefined || via.includes(path.basename(file)) ? '' : `, ${via}`;
      node.comment = ` ${printable(`${shortPath(file, cwd)}:${line}${how}`)}`;
    });
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

/** Every value that holds no other: scalars, and collections with nothing in them. */
function eachLeaf(document: Document, told: (node: Node, at: (string | number)[]) => void): void {
  visit(document, {
    Node(key, node, ancestors) {
      const leaf = isScalar(node) ? key !== 'key' : (isMap(node) || isSeq(node)) && node.items.length === 0;
      if (leaf) told(node, pathOf(node, ancestors));
    },
  });
}

function pathOf(node: Node, ancestors: readonly unknown[]): (string | number)[] {
  const chain = [...ancestors, node];
  const path: (string | number)[] = [];
  for (const [index, ancestor] of chain.entries()) {
    const next = chain[index + 1];
    if (isSeq(ancestor)) path.push(ancestor.items.indexOf(next));
    if (
      typeof ancestor === 'object' &&
      ancestor !== null &&
      'key' in ancestor &&
      'value' in ancestor &&
      isScalar(ancestor.key)
    ) {
      path.push(String(ancestor.key.value));
    }
  }
  return path;
}

/** By JSON pointer (RFC 6901), for every value that holds no other. */
function originsOf(content: Json, positions: Positions): Record<string, Json> {
  const origins: Record<string, Json> = {};
  const walk = (value: Json, at: readonly (string | number)[]) => {
    const parts: readonly (readonly [string | number, Json])[] = Array.isArray(value)
      ? [...value.entries()]
      : typeof value === 'object' && value !== null
        ? Object.entries<Json>(value)
        : [];
    for (const [name, part] of parts) walk(part, [...at, name]);
    if (parts.length === 0) origins[pointer(at)] = described(positions.valueAt(at), positions.originOf(at));
  };
  walk(content, []);
  return origins;
}

function described({ at: { file, line, column } }: Place, via: string | undefined): Json {
  return { file, line, column, via: via ?? null };
}

function pointer(at: readonly (string | number)[]): string {
  return at.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
