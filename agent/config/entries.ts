import type { Json, Plugin } from '../contract/index.ts';
import { isAnnounced } from './announced.ts';
import type { Path } from './diagnostic.ts';
import { nearest } from './nearest.ts';
import { type Absolute, isSchema, resolvePaths, type Schema } from './plugin-options.ts';
import type { Problem } from './problem.ts';
import type { PluginRegistry } from './registry.ts';
import { NOTIFIERS } from './sections/notifiers.ts';
import { checkAgainst, checkEntry } from './shape.ts';

export type EntryKind = 'source' | 'target' | 'chunker' | 'codec' | 'notifier';

/** What a policy writes under a source, target or stage, without the agent's own fields. */
export interface Options {
  readonly type: string;
  readonly options: Json;
}

interface Place {
  readonly registry: PluginRegistry;
  readonly kind: EntryKind;
  readonly path: Path;
  readonly absolute: Absolute;
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
  const known = plugin === undefined && kind === 'notifier' ? notifierSchema(type) : undefined;
  if (known !== undefined) {
    const checked = structuredClone(value);
    const problems = checkAgainst(known, checked, path);
    return problems.length > 0 ? { problems } : { problems, entry: entryOf(known, checked, place) };
  }
  if (plugin === undefined) {
    const at = typeof written === 'string' ? path : [...path, tag];
    return { problems: [unknownPlugin(type, place, at)] };
  }
  const checked = structuredClone(value);
  const { schema, problems } = checkEntry(plugin, checked, path);
  if (problems.length > 0) return { plugin, problems };
  return { plugin, problems, entry: entryOf(schema, checked, place) };
}

/** The entry that was checked, without the agent's own fields. */
function entryOf(schema: Schema, checked: unknown, { path, kind, absolute }: Place): Options {
  const resolved = resolvePaths(schema, checked, path, absolute);
  const { type, algorithm, objectives: _, ...options } = isSchema(resolved) ? resolved : {};
  return { type: String(kind === 'chunker' || kind === 'codec' ? algorithm : type), options: options as Json };
}

/** The schema of a notifier that the language has and no plugin brings yet. */
export function notifierSchema(type: string): Schema | undefined {
  const schema: unknown = Object.entries(NOTIFIERS).find(([name]) => name === type)?.[1];
  return isSchema(schema) ? schema : undefined;
}

function unknownPlugin(name: string, { registry, kind }: Place, path: Path): Problem {
  const names = kind === 'notifier' ? [...Object.keys(NOTIFIERS), ...registry.names(kind)] : registry.names(kind);
  if (isAnnounced(kind, name)) {
    const message = `the ${kind} "${name}" is not yet available`;
    return { code: 'HF2014', message, path, on: 'value', hint: `available: ${names.join(', ')}` };
  }
  const suggestion = nearest(name, names);
  const known = `there are: ${names.join(', ') || 'none'}; others are brought by "plugins"`;
  const hint = suggestion === undefined ? known : undefined;
  return { code: 'HF2014', message: `there is no ${kind} "${name}"`, path, on: 'value', suggestion, hint };
}
