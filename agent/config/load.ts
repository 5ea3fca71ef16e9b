import type { Json } from '../contract/index.ts';
import { blotOut } from './blotting.ts';
import { checkPolicy } from './check.ts';
import { compareDiagnostics, type Diagnostic, type Positions } from './diagnostic.ts';
import { type Gathered, type GatheredText, gatherPolicy, gatherText, type ReadWith } from './gathering.ts';
import { withDefaults } from './merging/defaults.ts';
import { checkOverrides, forHost, hostsOf, isPattern } from './merging/hosts.ts';
import { withoutParts } from './merging/layer.ts';
import { MergedPositions } from './merging/positions.ts';
import type { Policy } from './policy.ts';
import { locate, type Problem } from './problem.ts';
import type { PluginRegistry } from './registry.ts';
import { noVariables, type Variables } from './variables.ts';

export interface Loaded {
  /** Absent when any diagnostic is an error, and when a variable that is not known here stands where its form matters. */
  readonly policy?: Policy;
  /** In the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
  /** What was read, absolute. */
  readonly files: readonly string[];
  /** Those that were given, and those that the policy brings. */
  readonly plugins: PluginRegistry;
  /** The policy as it is written for this host, all files, overrides and defaults merged; also of one with mistakes. */
  readonly merged?: { readonly content: Json; readonly positions: Positions };
}

/** The policy of one host. */
export function policyOf({ text, diagnostics, files, plugins }: Gathered, host: string): Loaded {
  if (text === undefined) return { diagnostics, files, plugins };
  const { policy, diagnostics: own, merged } = readAs(text, host, plugins);
  const all = [...diagnostics, ...own].sort(compareDiagnostics);
  const wrong = policy === undefined || all.some(({ severity }) => severity === 'error');
  return { diagnostics: all, files, plugins, merged, ...(wrong ? {} : { policy }) };
}

/** The policy for all hosts, as it is written once its files and defaults are merged; overrides of hosts stand beside it. */
export function writtenPolicy({ text }: Gathered): Json {
  if (text === undefined) return null;
  const { policy } = withDefaults(text.layer);
  return withoutParts(policy, (name) => name === 'defaults').value;
}

/** Loads the policy of one host, see {@link gatherPolicy}. */
export async function loadPolicy(
  options: { readonly path?: string; readonly cwd: string; readonly host: string } & ReadWith,
): Promise<Loaded> {
  return policyOf(await gatherPolicy(options, options), options.host);
}

/** The policy that a text at hand is. `file` is absolute, and need not exist. Loads no plugins. */
export function parsePolicy(options: {
  readonly text: string;
  readonly file: string;
  readonly host: string;
  readonly plugins: PluginRegistry;
  readonly variables?: Variables;
}): Loaded {
  const { text, file, host, plugins, variables = noVariables } = options;
  return policyOf(gatherText(text, file, { plugins, variables }), host);
}

/** Checks the policy as it is on every host that it speaks of. `policy` is that of `host`. */
export function checkEverywhere(gathered: Gathered, host: string): Loaded {
  const { text, plugins } = gathered;
  const here = policyOf(gathered, host);
  if (text === undefined) return here;
  const told = new Map(here.diagnostics.map((diagnostic) => [keyOf(diagnostic), diagnostic]));
  const codes = new Set(here.diagnostics.map(({ code }) => code));
  for (const name of hostsOf(text.layer)) {
    // A host that nothing is written for; and for a pattern, its own name, which it fits.
    const other = name ?? ' another host';
    if (other === host) continue;
    for (const diagnostic of readAs(text, other, plugins).diagnostics) {
      const key = keyOf(diagnostic);
      // What is not available is not available anywhere.
      if (diagnostic.code.startsWith('HF49') && codes.has(diagnostic.code)) continue;
      const where = name === undefined ? 'on other hosts' : isPattern(name) ? `on hosts ${name}` : `on host ${name}`;
      if (!told.has(key))
        told.set(key, { ...diagnostic, origin: [diagnostic.origin, where].filter(Boolean).join(', ') });
      codes.add(diagnostic.code);
    }
  }
  const diagnostics = [...told.values()].sort(compareDiagnostics);
  const { policy: _, ...rest } = here;
  const wrong = diagnostics.some(({ severity }) => severity === 'error');
  return wrong ? { ...rest, diagnostics } : { ...here, diagnostics };
}

function readAs({ layer, file, unloaded, secrets: secretTexts }: GatheredText, host: string, plugins: PluginRegistry) {
  const overridden = forHost(layer, host);
  const { policy: merged, problems: idle } = withDefaults(overridden);
  const positions = new MergedPositions(merged.origin, file);
  const written = withoutParts(merged, (name) => name === 'defaults' || name === 'hosts').value;
  const { policy, problems } = checkPolicy({ content: merged.value, positions, file, host, plugins });
  const all = [...problems, ...idle, ...checkOverrides(layer)].filter((problem) => {
    // What is named nowhere else may be what a plugin would have brought that could not be loaded.
    if (unloaded && problem.code === 'HF2014' && problem.suggestion === undefined) return false;
    return !aboutUnknown(problem, positions);
  });
  const secrets = all.filter(({ code }) => code === 'HF2011').map(({ path }) => positions.valueAt(path));
  const located = all.map((problem) => locate(problem, positions));
  return {
    policy,
    diagnostics: blotOut(unique(located), secretTexts, secrets),
    merged: { content: written, positions },
  };
}

/** Whether the problem is the form of a value that is not known here, or the name that it is. */
function aboutUnknown({ code, path, on }: Problem, positions: Positions): boolean {
  return /^HF[23]/.test(code) && code !== 'HF2011' && on === 'value' && positions.isUnknown(path);
}

function unique(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...new Map(diagnostics.map((diagnostic) => [keyOf(diagnostic), diagnostic])).values()];
}

function keyOf({ at, code, message }: Diagnostic): string {
  return `${at.file}\0${at.line}\0${at.column}\0${code}\0${message}`;
}
