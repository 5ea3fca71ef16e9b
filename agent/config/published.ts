import { type TSchema, Type } from 'typebox';
import type { Kind, Plugin } from '../contract/index.ts';
import { withEditorHints } from './editor-hints.ts';
import { entrySchema, isSchema, type Schema, strict } from './plugin-options.ts';
import type { PluginRegistry } from './registry.ts';
import { Checksum, Encrypt, policySchema } from './schema.ts';

const DRAFT = 'http://json-schema.org/draft-07/schema#';
/** In the order people meet them. */
export const KINDS: readonly Kind[] = ['source', 'target', 'chunker', 'codec', 'notifier', 'check'];

/**
 * The JSON Schemas for editors, by their paths below schemas/: the policy with the options of every plugin in its place, and
 * each plugin's options alone. They say the same as the agent's own check, from the same declarations.
 */
export function publishedSchemas(registry: PluginRegistry): Map<string, Schema> {
  const schemas = new Map<string, Schema>();
  schemas.set('policy.schema.json', { $schema: DRAFT, ...policy(registry) });
  for (const plugin of KINDS.flatMap((kind) => pluginsOf(registry, kind))) {
    schemas.set(pluginSchemaPath(plugin), { $schema: DRAFT, ...withEditorHints(titled(plugin)) });
  }
  return schemas;
}

/** Where a plugin's schema lies below schemas/. */
export function pluginSchemaPath({ kind, name }: Pick<Plugin, 'kind' | 'name'>): string {
  return `plugins/${kind}-${name}.schema.json`;
}

function policy(registry: PluginRegistry): Schema {
  const entries = (kind: Kind, description: string) => {
    return schema({ description, oneOf: pluginsOf(registry, kind).map(titled) });
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
  if (!isSchema(whole)) return {};
  const { properties, ...rest } = withEditorHints(strict(whole));
  const sections = isSchema(properties) ? properties : {};
  const pipelines = { ...Object(sections['pipelines']), defaultSnippets: [PIPELINE_SNIPPET] };
  return { ...rest, properties: { ...sections, pipelines } };
}

/** What editors write for a pipeline: the order is fixed, and no stage may be missing. */
const PIPELINE_SNIPPET = {
  label: 'pipeline',
  description: 'A pipeline with all four stages.',
  body: {
    [placeholder(1, 'name')]: [
      { chunk: placeholder(2, 'fastcdc') },
      { compress: placeholder(3, 'zstd') },
      { encrypt: 'aes-256-gcm' },
      { checksum: 'sha256' },
    ],
  },
};

/** A place that the editor stops at, with what stands there unless something else is typed: syntax of LSP snippets. */
function placeholder(stop: number, text: string): string {
  return `\${${stop}:${text}}`;
}

function titled(plugin: Plugin): Schema {
  return { title: `${plugin.name} ${plugin.kind}`, ...entrySchema(plugin) };
}

function stage(registry: PluginRegistry, kind: Kind, description: string): Schema {
  const plugins = pluginsOf(registry, kind);
  // No description here: editors would show it in place of the stage's own.
  const names = {
    type: 'string',
    enum: plugins.map(({ name }) => name),
    enumDescriptions: plugins.map(({ summary }) => summary),
  };
  return { description, anyOf: [names, ...plugins.map(titled)] };
}

function step(name: string, value: unknown): Schema {
  return {
    type: 'object',
    title: `${name} stage`,
    properties: { [name]: value },
    required: [name],
    additionalProperties: false,
  };
}

function pluginsOf(registry: PluginRegistry, kind: Kind): Plugin[] {
  return registry.names(kind).flatMap((name) => registry.get(kind, name) ?? []);
}

function schema(plain: Schema): TSchema {
  return Type.Unsafe<unknown>(plain);
}
