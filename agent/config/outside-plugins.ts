import type { Plugin } from '../contract/index.ts';
import type { Path } from './diagnostic.ts';
import { readPlugin } from './plugin-export.ts';
import { findModule, importModule, type ModuleTrouble } from './plugin-module.ts';
import { isSchema } from './plugin-options.ts';
import type { Problem } from './problem.ts';
import type { PluginRegistry, Registered } from './registry.ts';

/** A module as a policy names it: a path that begins with `./`, `../` or `/`, or a package. */
export interface NamedModule {
  readonly name: string;
  /** Where in the policy it is named. */
  readonly path: Path;
  /** Absolute: paths are relative to it, and packages are looked for from here. */
  readonly folder: string;
}

/** The list `plugins` of a policy, as far as it is one: what else stands there is a mistake that its schema tells. */
export function namedModules(policy: unknown): Omit<NamedModule, 'folder'>[] {
  const list = isSchema(policy) ? policy['plugins'] : undefined;
  const written: readonly unknown[] = Array.isArray(list) ? list : [];
  return written.flatMap((name, index) =>
    typeof name === 'string' && name !== '' ? [{ name, path: ['plugins', index] }] : [],
  );
}

/**
 * Loads the plugins that a policy brings: files relative to the `folder` of each, packages from the node_modules that a module in
 * this folder would find. They run in this process and in workers with all that the agent may do, so a module that others
 * could change is not even looked into. Never throws: `registry` has what could be had, and the rest are problems.
 */
export async function loadOutsidePlugins(
  names: readonly NamedModule[],
  registry: PluginRegistry,
): Promise<{ registry: PluginRegistry; problems: readonly Problem[] }> {
  const problems: Problem[] = [];
  let all = registry;
  for (const { name, path, folder } of names) {
    const loaded = await load(name, folder);
    const trouble = 'code' in loaded ? loaded : clash(name, loaded.plugin, all);
    if (trouble !== undefined) problems.push({ ...trouble, path, on: 'value' });
    if ('code' in loaded || trouble !== undefined) continue;
    all = all.with(loaded);
  }
  return { registry: all, problems };
}

async function load(name: string, folder: string): Promise<Registered | ModuleTrouble> {
  const module = await findModule(name, folder);
  if (typeof module !== 'string') return module;
  const imported = await importModule(module, name);
  if (!('exports' in imported)) return imported;
  const read = readPlugin(imported.exports);
  if ('plugin' in read) return { plugin: read.plugin, module, from: name };
  return { code: 'HF2016', message: `${name} ${read.fault}`, hint: read.hint };
}

/** What cannot be told apart from `plugin`, in a policy or in a frame. */
function clash(name: string, plugin: Plugin, registry: PluginRegistry): ModuleTrouble | undefined {
  const origin = (other: Plugin) => {
    const from = registry.from(other.kind, other.name);
    return from === undefined ? 'is built in' : `comes from ${from}`;
  };
  const same = registry.get(plugin.kind, plugin.name);
  if (same !== undefined) {
    const message = `${name} exports a ${plugin.kind} "${plugin.name}", and one of that name ${origin(same)}`;
    return { code: 'HF2017', message };
  }
  if (plugin.kind !== 'codec') return undefined;
  const codecs = registry.names('codec').flatMap((one) => registry.get('codec', one) ?? []);
  const other = codecs.find(({ id }) => id === plugin.id);
  if (other === undefined) return undefined;
  const message = `${name} exports a codec with the id ${plugin.id}, and codec "${other.name}" with that id ${origin(other)}`;
  return { code: 'HF2017', message, hint: 'the id stands in every frame: it cannot mean two codecs' };
}
