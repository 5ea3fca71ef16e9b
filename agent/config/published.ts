import { type TSchema, Type } from 'typebox';
import type { Kind, Plugin } from '../contract/index.ts';
import { entrySchema, isSchema, type Schema, strict } from './plugin-options.ts';
import { KINDS, type PluginRegistry } from './registry.ts';
import { Checksum, Encrypt, policySchema } from './schema.ts';

const DRAFT = 'http://json-schema.org/draft-07/schema#';

/**
 * The JSON Schemas for editors, by their paths below schemas/: the policy with the options of every plugin in its place, and
 * each plugin's options alone. They say the same as the agent's own check, from the same declarations.
 */
export function publishedSchemas(registry: PluginRegistry): Map<string, Schema> {
  const schemas = new Map<string, Schema>();
  schemas.set('policy.schema.json', { $schema: DRAFT, ...policy(registry) });
  for (const plugin of KINDS.flatMap((kind) => pluginsOf(registry, kind))) {
    const title = `${plugin.name} ${plugin.kind}`;
    schemas.set(`plugins/${plugin.kind}-${plugin.name}.schema.json`, { $schema: DRAFT, title, ...entrySchema(plugin) });
  }
  return schemas;
}

function policy(registry: PluginRegistry): Schema {
  const entries = (kind: Kind, description: string) => {
    return schema({ description, oneOf: pluginsOf(registry, kind).map(entrySchema) });
  };
  const whole = policySchema({
    source: entries('source', 'A data system to protect.'),
    target: entries('target', 'A place that holds backups.'),
    pipeline: schema({
      type: 'array',
      description: 'The stages, in the order data passes them.',
      items: [
        step('chunk', stage(registry, 'chunker', 'How data is cut into chunks.')),
        step('compress', stage(registry, 'codec', 'How chunks are compressed.')),
        step('encrypt', Encrypt),
        step('checksum', Checksum),
      ],
      minItems: 4,
      additionalItems: false,
    }),
  });
  return isSchema(whole) ? strict(whole) : {};
}

function stage(registry: PluginRegistry, kind: Kind, description: string): Schema {
  const plugins = pluginsOf(registry, kind);
  const names = { description: 'With its default options.', enum: plugins.map(({ name }) => name) };
  return { description, anyOf: [names, ...plugins.map(entrySchema)] };
}

function step(name: string, value: unknown): Schema {
  return { type: 'object', properties: { [name]: value }, required: [name], additionalProperties: false };
}

function pluginsOf(registry: PluginRegistry, kind: Kind): Plugin[] {
  return registry.names(kind).flatMap((name) => registry.get(kind, name) ?? []);
}

function schema(plain: Schema): TSchema {
  return Type.Unsafe<unknown>(plain);
}
