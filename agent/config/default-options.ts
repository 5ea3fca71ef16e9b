import type { Json, Plugin } from '../contract/index.ts';

/** The options of a plugin that nobody configured: the defaults of its schema. */
export function defaultOptions(plugin: Plugin): Json {
  const fields: unknown = Object.getOwnPropertyDescriptor(plugin.options, 'properties')?.value;
  if (typeof fields !== 'object' || fields === null) return {};
  const defaults: Record<string, Json> = {};
  for (const [name, field] of Object.entries(fields as Record<string, { default?: Json }>)) {
    if (field.default !== undefined) defaults[name] = field.default;
  }
  return defaults;
}
