import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { fail, type Plugin } from 'holdfast/plugin';

/** A module that exports a plugin, and what lies beside it for its suite. */
export interface PluginModule {
  readonly plugin: Plugin;
  readonly url: string;
  /** The export `harness` of `conformance.ts` (or `.js`) beside the module, when there is one. */
  readonly harness: unknown;
}

const KINDS: readonly string[] = ['source', 'target', 'chunker', 'codec', 'notifier', 'check'];

/**
 * Loads the module that somebody in the folder `cwd` means by `name`: a file, a folder with an `index.ts` or `index.js`, or a
 * package that is installed there. Throws MODULE_MISSING, MODULE_BROKEN, and PLUGIN_INVALID when it exports no plugin.
 */
export async function loadPluginModule(name: string, cwd: string): Promise<PluginModule> {
  const url =
    fileAt(resolve(cwd, name)) ?? packageAt(name, cwd) ?? refuse('MODULE_MISSING', `there is no module ${name}`);
  const { plugin } = await load(url);
  if (!isPlugin(plugin)) {
    return refuse('PLUGIN_INVALID', `${name} exports no plugin: export const plugin = definePlugin({ kind: … })`);
  }
  const beside = ['ts', 'js', 'mjs']
    .map((ending) => `${dirname(fileURLToPath(url))}/conformance.${ending}`)
    .find(existsSync);
  if (beside === undefined) return { plugin, url, harness: undefined };
  const { harness } = await load(pathToFileURL(beside).href);
  return { plugin, url, harness: harness ?? refuse('HARNESS_INVALID', `${beside} has no export "harness"`) };
}

function fileAt(path: string): string | undefined {
  const candidates = [path, `${path}/index.ts`, `${path}/index.js`];
  const file = candidates.find((one) => statSync(one, { throwIfNoEntry: false })?.isFile());
  return file === undefined ? undefined : pathToFileURL(file).href;
}

/** Asks a Node that stands in `cwd`, since what `import` means depends on who imports. */
function packageAt(name: string, cwd: string): string | undefined {
  const question = 'process.stdout.write(import.meta.resolve(process.argv[1]))';
  const asked = spawnSync(process.execPath, ['--input-type=module', '-e', question, name], { cwd, encoding: 'utf8' });
  return asked.status === 0 && asked.stdout.startsWith('file:') ? asked.stdout : undefined;
}

async function load(url: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const [, missing] = /^Cannot find package '(holdfast|typebox)'/.exec(why) ?? [];
    const hint = missing && `npm install ${missing}, in ${dirname(fileURLToPath(url))}`;
    return fail({
      ...failure('MODULE_BROKEN', `${fileURLToPath(url)} cannot be loaded: ${why}`),
      ...(hint && { hint }),
    });
  }
}

function isPlugin(exported: unknown): exported is Plugin {
  if (typeof exported !== 'object' || exported === null || !('kind' in exported) || !('options' in exported))
    return false;
  return typeof exported.kind === 'string' && KINDS.includes(exported.kind) && typeof exported.options === 'object';
}

function failure(code: string, message: string) {
  return { code, message, origin: 'agent', permanent: true } as const;
}

function refuse(code: string, message: string): never {
  return fail(failure(code, message));
}
