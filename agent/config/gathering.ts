import path from 'node:path';
import { blotOut, writtenSecrets } from './blotting.ts';
import { compareDiagnostics, type Diagnostic } from './diagnostic.ts';
import { findPolicyFiles } from './finding.ts';
import { PolicyFiles } from './merging/files.ts';
import type { Layer } from './merging/layer.ts';
import { mergeFiles } from './merging/merged-policy.ts';
import { MergedPositions } from './merging/positions.ts';
import { loadOutsidePlugins, namedModules } from './outside-plugins.ts';
import { locate } from './problem.ts';
import type { PluginRegistry } from './registry.ts';
import type { Variables } from './variables.ts';

/** What the text of a policy is read with. */
export interface ReadWith {
  readonly variables: Variables;
  /** The plugins that are there without being named. */
  readonly plugins: PluginRegistry;
}

/** The text of a policy, before it is anybody's: its files merged, its plugins loaded. */
export interface Gathered {
  /** Absent when the text could not be understood. */
  readonly text?: GatheredText;
  readonly diagnostics: readonly Diagnostic[];
  /** What was read, absolute. */
  readonly files: readonly string[];
  /** Those that were given, and those that the policy brings. */
  readonly plugins: PluginRegistry;
}

export interface GatheredText {
  readonly layer: Layer;
  /** The file that the policy begins with. */
  readonly file: string;
  /** Secrets that somebody has written into it: lines of text that nothing may show. */
  readonly secrets: readonly string[];
  /** Some plugin that it names could not be loaded. */
  readonly unloaded: boolean;
}

/**
 * Reads the policy at `path`, a file or a folder; without one, the policy found from `cwd` upward or of the system. Reads
 * nothing but policy files, and loads the plugins that they name. Whatever is wrong is a diagnostic, never an exception.
 */
export async function gatherPolicy(
  options: { readonly path?: string; readonly cwd: string },
  { variables, plugins }: ReadWith,
): Promise<Gathered> {
  const found = await findPolicyFiles(options);
  if ('diagnostic' in found) return { diagnostics: [found.diagnostic], files: [], plugins };
  const files = new PolicyFiles(variables);
  for (const file of found.files) files.read(file);
  return equipped(assembled(files, found.files[0] ?? options.cwd, plugins));
}

/** The same for a text at hand. `file` is absolute, and need not exist. Loads no plugins. */
export function gatherText(text: string, file: string, { variables, plugins }: ReadWith): Gathered {
  const files = new PolicyFiles(variables);
  files.add(file, text);
  return assembled(files, file, plugins);
}

/** With the plugins that the policy names. A path is relative to the file that it stands in. */
async function equipped(gathered: Gathered): Promise<Gathered> {
  const { text } = gathered;
  const named = text === undefined ? [] : namedModules(text.layer.value);
  if (text === undefined || named.length === 0) return gathered;
  const positions = new MergedPositions(text.layer.origin, text.file);
  const modules = named.map((one) => ({ ...one, folder: path.dirname(positions.valueAt(one.path).at.file) }));
  const { registry, problems } = await loadOutsidePlugins(modules, gathered.plugins);
  const told = problems.map((problem) => locate(problem, positions));
  return {
    ...gathered,
    plugins: registry,
    diagnostics: [...gathered.diagnostics, ...told].sort(compareDiagnostics),
    text: { ...text, unloaded: problems.length > 0 },
  };
}

function assembled(files: PolicyFiles, file: string, plugins: PluginRegistry): Gathered {
  const read = { files: files.files, plugins };
  const unreadable = files.diagnostics.some(({ code }) => ['HF1001', 'HF1002', 'HF1003'].includes(code));
  const secrets = files.documents.flatMap(({ content }) => writtenSecrets(content));
  const shown = (all: readonly Diagnostic[]) => blotOut([...all].sort(compareDiagnostics), secrets, []);
  if (unreadable || files.documents.some(({ broken }) => broken)) {
    return { ...read, diagnostics: shown(files.diagnostics) };
  }
  const { policy, diagnostics } = mergeFiles(files);
  return {
    ...read,
    diagnostics: onceForEachVariable(shown([...files.diagnostics, ...diagnostics])),
    ...(policy && { text: { layer: policy, file, secrets, unloaded: false } }),
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
