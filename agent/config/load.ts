import type { Json } from '../contract/index.ts';
import { blotOut } from './blotting.ts';
import { checkPolicy } from './check.ts';
import { compareDiagnostics, type Diagnostic, type Positions } from './diagnostic.ts';
import { findPolicyFiles } from './finding.ts';
import { withDefaults } from './merging/defaults.ts';
import { PolicyFiles } from './merging/files.ts';
import { checkOverrides, forHost, hostsOf, isPattern } from './merging/hosts.ts';
import { type Layer, withoutParts } from './merging/layer.ts';
import { mergeFiles } from './merging/merged-policy.ts';
import { MergedPositions } from './merging/positions.ts';
import type { Policy } from './policy.ts';
import { locate } from './problem.ts';
import type { PluginRegistry } from './registry.ts';
import { noVariables, type Variables } from './variables.ts';

/** What a policy is read with. */
export interface Reading {
  /** Whose policy it is to be: the name that `hosts` and jobs know the host by. */
  readonly host: string;
  readonly plugins: PluginRegistry;
  readonly variables: Variables;
}

export interface Loaded {
  /** Absent when any diagnostic is an error, and when a variable that is not known here stands where its form matters. */
  readonly policy?: Policy;
  /** In the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
  /** What was read, absolute. */
  readonly files: readonly string[];
  /** The policy as it is written for this host, all files, overrides and defaults merged; also of one with mistakes. */
  readonly merged?: { readonly content: Json; readonly positions: Positions };
}

/** The text of a policy, before it is anybody's: its files merged. */
export interface Gathered {
  /** Absent when the text could not be understood. */
  readonly text?: { readonly layer: Layer; readonly file: string };
  readonly diagnostics: readonly Diagnostic[];
  readonly files: readonly string[];
}

/**
 * Reads the policy at `path`, a file or a folder; without one, the policy found from `cwd` upward or of the system. Reads
 * nothing but policy files. Whatever is wrong is a diagnostic, never an exception.
 */
export async function gatherPolicy(
  options: { readonly path?: string; readonly cwd: string },
  variables: Variables,
): Promise<Gathered> {
  const found = await findPolicyFiles(options);
  if ('diagnostic' in found) return { diagnostics: [found.diagnostic], files: [] };
  const files = new PolicyFiles(variables);
  for (const file of found.files) files.read(file);
  return assembled(files, found.files[0] ?? options.cwd);
}

/** The same for a text at hand. `file` is absolute, and need not exist. */
export function gatherText(text: string, file: string, variables: Variables): Gathered {
  const files = new PolicyFiles(variables);
  files.add(file, text);
  return assembled(files, file);
}

/** The policy of one host. */
export function policyOf({ text, diagnostics, files }: Gathered, reading: Reading): Loaded {
  if (text === undefined) return { diagnostics, files };
  const { policy, diagnostics: own, merged } = readAs(text, reading);
  const all = [...diagnostics, ...own].sort(compareDiagnostics);
  const wrong = policy === undefined || all.some(({ severity }) => severity === 'error');
  return { diagnostics: all, files, merged, ...(wrong ? {} : { policy }) };
}

/** The policy for all hosts, as it is written once its files and defaults are merged; overrides of hosts stand beside it. */
export function writtenPolicy({ text }: Gathered): Json {
  if (text === undefined) return null;
  const { policy } = withDefaults(text.layer);
  return withoutParts(policy, (name) => name === 'defaults').value;
}

/** Loads the policy of one host, see {@link gatherPolicy}. */
export async function loadPolicy(options: { readonly path?: string; readonly cwd: string } & Reading): Promise<Loaded> {
  return policyOf(await gatherPolicy(options, options.variables), options);
}

/** The policy that a text at hand is. `file` is absolute, and need not exist. */
export function parsePolicy(options: {
  readonly text: string;
  readonly file: string;
  readonly host: string;
  readonly plugins: PluginRegistry;
  readonly variables?: Variables;
}): Loaded {
  const { text, file, variables = noVariables } = options;
  return policyOf(gatherText(text, file, variables), { ...options, variables });
}

/** Checks the policy as it is on every host that it speaks of. `policy` is that of the host in `reading`. */
export function checkEverywhere(gathered: Gathered, reading: Reading): Loaded {
  const { text } = gathered;
  if (text === undefined) return gathered;
  const here = policyOf(gathered, reading);
  const told = new Map(here.diagnostics.map((diagnostic) => [keyOf(diagnostic), diagnostic]));
  for (const name of hostsOf(text.layer)) {
    // A host that nothing is written for; and for a pattern, its own name, which it fits.
    const host = name ?? ' another host';
    if (host === reading.host) continue;
    for (const diagnostic of readAs(text, { ...reading, host }).diagnostics) {
      const key = keyOf(diagnostic);
      // What is not available is not available anywhere.
      if (diagnostic.code.startsWith('HF49') && [...told.values()].some(({ code }) => code === diagnostic.code))
        continue;
      const where = name === undefined ? 'on other hosts' : isPattern(name) ? `on hosts ${name}` : `on host ${name}`;
      if (!told.has(key))
        told.set(key, { ...diagnostic, origin: [diagnostic.origin, where].filter(Boolean).join(', ') });
    }
  }
  const diagnostics = [...told.values()].sort(compareDiagnostics);
  const { policy: _, ...rest } = here;
  const wrong = diagnostics.some(({ severity }) => severity === 'error');
  return wrong ? { ...rest, diagnostics } : { ...here, diagnostics };
}

function readAs({ layer, file }: { readonly layer: Layer; readonly file: string }, reading: Reading) {
  const overridden = forHost(layer, reading.host);
  const { policy: merged, problems: idle } = withDefaults(overridden);
  const positions = new MergedPositions(merged.origin, file);
  const written = withoutParts(merged, (name) => name === 'defaults' || name === 'hosts').value;
  const { policy, problems } = checkPolicy({ content: merged.value, positions, file, ...reading });
  const all = [...problems, ...idle, ...checkOverrides(layer)].filter(
    ({ code, path: at, on }) =>
      !(code.startsWith('HF2') && code !== 'HF2011' && on === 'value' && positions.isUnknown(at)),
  );
  const secrets = all.filter(({ code }) => code === 'HF2011').map(({ path }) => positions.valueAt(path));
  const located = all.map((problem) => locate(problem, positions));
  return { policy, diagnostics: blotOut(unique(located), secrets), merged: { content: written, positions } };
}

function unique(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...new Map(diagnostics.map((diagnostic) => [keyOf(diagnostic), diagnostic])).values()];
}

function keyOf({ at, code, message }: Diagnostic): string {
  return `${at.file}\0${at.line}\0${at.column}\0${code}\0${message}`;
}

function assembled(files: PolicyFiles, file: string): Gathered {
  const read = { files: files.files };
  const unreadable = files.diagnostics.some(({ code }) => ['HF1001', 'HF1002', 'HF1003'].includes(code));
  if (unreadable || files.documents.some(({ broken }) => broken)) {
    return { ...read, diagnostics: [...files.diagnostics].sort(compareDiagnostics) };
  }
  const { policy, diagnostics } = mergeFiles(files);
  return {
    ...read,
    diagnostics: onceForEachVariable([...files.diagnostics, ...diagnostics].sort(compareDiagnostics)),
    ...(policy && { text: { layer: policy, file } }),
  };
}

/** A variable that is used often is told of once, where it first stands. */
function onceForEachVariable(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const told = new Set<string>();
  return diagnostics.filter(({ code, message }) => {
    if (code !== 'HF5001' && code !== 'HF5002') return true;
    const known = told.has(message);
    told.add(message);
    return !known;
  });
}
