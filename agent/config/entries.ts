import type { Json, Plugin } from '../contract/index.ts';
import type { Path } from './diagnostic.ts';
import { nearest } from './nearest.ts';
import { isSchema, resolvePaths } from './plugin-options.ts';
import type { Problem } from './problem.ts';
import type { PluginRegistry } from './registry.ts';
import { checkEntry } from './shape.ts';

export type EntryKind = 'source' | 'target' | 'chunker' | 'codec';

/** What a policy writes under a source, target or stage, without the agent's own fields. */
export interface Options {
  readonly type: string;
  readonly options: Json;
}

interface Place {
  readonly registry: PluginRegistry;
  readonly kind: EntryKind;
  readonly path: Path;
  /** Makes a path of the policy absolute. */
  absolute(path: string): string;
}

/** Checks one entry against its plugin. Without problems, `entry` is what the plugin is opened with. */
export function readEntry(written: unknown, place: Place): { entry?: Options; plugin?: Plugin; problems: Problem[] } {
  const { registry, kind, path } = place;
  const stage = kind === 'chunker' || kind === 'codec';
  const tag = stage ? 'algorithm' : 'type';
  const value = stage && typeof written === 'string' ? { algorithm: written } : written;
  const type = isSchema(value) ? value[tag] : undefined;
  if (!isSchema(value) || typeof type !== 'string' || type === '') return { problems: [] };
  const plugin = registry.get(kind, type);
  if (plugin === undefined) {
    const at = typeof written === 'string' ? path : [...path, tag];
    return { problems: [unknownPlugin(type, place, at)] };
  }
  const checked = structuredClone(value);
  const { schema, problems } = checkEntry(plugin, checked, path);
  if (problems.length > 0) return { plugin, problems };
  const resolved = resolvePaths(schema, checked, place.absolute);
  const { [tag]: _, objectives: __, ...options } = isSchema(resolved) ? resolved : {};
  return { plugin, problems, entry: { type, options: options as Json } };
}

function unknownPlugin(name: string, { registry, kind }: Place, path: Path): Problem {
  const names = registry.names(kind);
  const suggestion = nearest(name, names);
  const known = `there are: ${names.join(', ') || 'none'}; others are brought by "plugins"`;
  const hint = suggestion === undefined ? known : undefined;
  return { code: 'HF2014', message: `there is no ${kind} "${name}"`, path, on: 'value', suggestion, hint };
}
