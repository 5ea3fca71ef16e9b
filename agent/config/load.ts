import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { checkPolicy } from './check.ts';
import { type CodeName, codes } from './codes.ts';
import { compareDiagnostics, type Diagnostic } from './diagnostic.ts';
import { PolicyDocument } from './document.ts';
import { loadOutsidePlugins, namedModules } from './outside-plugins.ts';
import type { Policy } from './policy.ts';
import { locate, type Problem } from './problem.ts';
import type { PluginRegistry } from './registry.ts';
import { SEARCH_PLACES, searchFolder, searchUpward } from './search.ts';

export interface Loaded {
  /** Absent when any diagnostic is an error. */
  readonly policy?: Policy;
  /** In the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
  /** What was read, absolute. */
  readonly files: readonly string[];
  /** Those that were given, and those that the policy brings. */
  readonly plugins: PluginRegistry;
}

const LARGEST_BYTES = 64 * 2 ** 20;

/**
 * Loads the policy at `path`, a file or a folder; without one, the policy found from `cwd` upward or of the system. Reads
 * no environment and nothing but policy files, and loads the plugins that they name. Whatever is wrong is a diagnostic, never
 * an exception.
 */
export async function loadPolicy(options: {
  readonly path?: string;
  readonly cwd: string;
  readonly host: string;
  readonly plugins: PluginRegistry;
}): Promise<Loaded> {
  const { host, plugins } = options;
  const found = await find(options);
  if ('diagnostics' in found) return { ...found, plugins };
  const { file } = found;
  const text = await readText(file);
  if (typeof text !== 'string') return { diagnostics: [text], files: [file], plugins };
  const document = new PolicyDocument(file, text);
  const named = document.broken ? [] : namedModules(document.content);
  const outside = await loadOutsidePlugins(named, { folder: path.dirname(file), registry: plugins });
  return judge(document, { file, host, plugins: outside.registry }, outside.problems);
}

/** The same for a text at hand. `file` is absolute, and need not exist. Loads no plugins. */
export function parsePolicy(options: {
  readonly text: string;
  readonly file: string;
  readonly host: string;
  readonly plugins: PluginRegistry;
}): Loaded {
  return judge(new PolicyDocument(options.file, options.text), options, []);
}

/** `unloaded` is what was found wrong with the plugins that the policy brings. */
function judge(
  document: PolicyDocument,
  { file, host, plugins }: { readonly file: string; readonly host: string; readonly plugins: PluginRegistry },
  unloaded: readonly Problem[],
): Loaded {
  const files = [file];
  if (document.broken) return { diagnostics: [...document.diagnostics].sort(compareDiagnostics), files, plugins };
  const { policy, problems } = checkPolicy({ content: document.content, positions: document, file, host, plugins });
  // What is named nowhere else may be what a plugin would have brought that could not be loaded.
  const told = problems.filter((one) => unloaded.length === 0 || one.code !== 'HF2014' || one.suggestion !== undefined);
  const located = [...unloaded, ...told].map((problem) => locate(problem, document));
  const diagnostics = [...document.diagnostics, ...located].sort(compareDiagnostics);
  const wrong = policy === undefined || diagnostics.some(({ severity }) => severity === 'error');
  return { diagnostics, files, plugins, ...(wrong ? {} : { policy }) };
}

type NotFound = Omit<Loaded, 'plugins'>;

async function find(options: { readonly path?: string; readonly cwd: string }): Promise<{ file: string } | NotFound> {
  const nowhere = (file: string, message: string, hint: string) => {
    return { diagnostics: [unplaced('HF1001', file, message, hint)], files: [] };
  };
  const cwd = path.resolve(options.cwd);
  if (options.path === undefined) {
    const found = await searchUpward(cwd);
    const places = SEARCH_PLACES.slice(0, 2).join(', ');
    if (found === undefined) {
      return nowhere(cwd, `no policy here or above (${places}, …)`, '`holdfast init` writes one; --policy names one');
    }
    const named = `name it if it is meant: --policy ${found.file}`;
    return found.doubtful === undefined ? found : nowhere(found.file, `not used unasked: ${found.doubtful}`, named);
  }
  const named = path.resolve(cwd, options.path);
  const folder = await stat(named).then(
    (info) => info.isDirectory(),
    () => false,
  );
  if (!folder) return { file: named };
  const file = await searchFolder(named);
  if (file !== undefined) return { file };
  return nowhere(named, 'there is no policy in this folder', `it is called ${SEARCH_PLACES[0]}, or named by --policy`);
}

async function readText(file: string): Promise<string | Diagnostic> {
  let bytes: Uint8Array;
  try {
    const { size } = await stat(file);
    if (size > LARGEST_BYTES) return unplaced('HF1003', file, `${size} bytes; a policy has at most ${LARGEST_BYTES}`);
    bytes = await readFile(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/,.*$/, '') : String(error);
    return unplaced('HF1001', file, `the policy cannot be read: ${reason}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return unplaced('HF1002', file, 'this is not UTF-8 text');
  }
}

/** For what concerns a file as a whole. */
function unplaced(code: CodeName, file: string, message: string, hint?: string): Diagnostic {
  const at = { file, line: 1, column: 1, endColumn: 2 };
  const { severity } = codes[code];
  return { severity, code, message, at, sourceLine: '', sourceColumn: 1, ...(hint === undefined ? {} : { hint }) };
}
