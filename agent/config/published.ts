import type { TSchema } from 'typebox';
import { type Kind, type Plugin, Type } from '../contract/index.ts';
import { withDefaultsAllowed } from './defaulted-schema.ts';
import { withEditorHints } from './editor-hints.ts';
import { partial, withVariables } from './partial-schema.ts';
import { entrySchema, isSchema, type Schema, strict } from './plugin-options.ts';
import { KINDS, type PluginRegistry } from './registry.ts';
import { Checksum, Encrypt, policySchema } from './schema.ts';
import { jobThatSelects } from './sections/jobs.ts';
import { NOTIFIERS } from './sections/notifiers.ts';

const DRAFT = 'http://json-schema.org/draft-07/schema#';

/**
 * The JSON Schemas for editors, by their paths below schemas/: the policy with the options of every plugin in its place, and
 * each plugin's options alone. They say the same as the agent's own check, from the same declarations.
 */
export function publishedSchemas(registry: PluginRegistry): Map<string, Schema> {
  const schemas = new Map<string, Schema>();
  const whole = withVariables(withDefaultsAllowed(describedPolicy(registry)));
  schemas.set('policy.schema.json', { $schema: DRAFT, ...whole });
  const part = {
    title: 'Part of a Holdfast policy',
    description: 'A file that a policy includes, or one of a folder.',
  };
  const { required: _, if: __, else: ___, ...loose } = whole;
  schemas.set('policy-part.schema.json', { $schema: DRAFT, ...loose, ...part });
  for (const plugin of KINDS.flatMap((kind) => pluginsOf(registry, kind))) {
    schemas.set(pluginSchemaPath(plugin), { $schema: DRAFT, ...withEditorHints(titled(plugin)) });
  }
  return schemas;
}

/** Where a plugin's schema lies below schemas/. */
export function pluginSchemaPath({ kind, name }: Pick<Plugin, 'kind' | 'name'>): string {
  return `plugins/${kind}-${name}.schema.json`;
}

/** What is the same everywhere, so that no host can have it otherwise. */
const SAME_EVERYWHERE = ['$schema', 'version', 'include', 'hosts', 'plugins', 'defaults', 'domains', 'holds'];

/** The policy as it is explained to people: one file that is complete in itself, and no variables in the place of values. */
export function describedPolicy(registry: PluginRegistry): Schema {
  const parts = {
    source: entries(registry, 'source', 'A data system to protect.'),
    target: entries(registry, 'target', 'A place that holds backups.'),
    pipeline: pipeline(registry),
    job: jobThatSelects(
      pluginsOf(registry, 'source').flatMap((plugin) => (plugin.kind === 'source' ? (plugin.select ?? []) : [])),
    ),
    notifier: notifiers(registry),
  };
  const anything = schema({ type: 'object', description: 'Parts of a policy.' });
  const plain = asSchema(policySchema({ ...parts, overrides: anything, defaults: anything }));
  const sections = fieldsOf(partial(plain));
  const overridden = Object.entries(sections).filter(([name]) => !SAME_EVERYWHERE.includes(name));
  const overrides = schema({
    type: 'object',
    description: 'Parts of a policy, laid over the rest on these hosts.',
    properties: Object.fromEntries(overridden),
    additionalProperties: false,
  });
  const whole = asSchema(policySchema({ ...parts, overrides, defaults: defaults(registry, sections) }));
  const { properties, ...rest } = withEditorHints(whole);
  const hinted = isSchema(properties) ? properties : {};
  const pipelines = { ...Object(hinted['pipelines']), defaultSnippets: [PIPELINE_SNIPPET] };
  return { ...rest, properties: { ...hinted, pipelines } };
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

/** What entries have that do not say otherwise: jobs all the same, sources and targets by their types. */
function defaults(registry: PluginRegistry, sections: Schema): TSchema {
  const typed = (kind: Kind, what: string) => ({
    type: 'object',
    description: `What ${what} have that do not say otherwise, by type.`,
    properties: Object.fromEntries(pluginsOf(registry, kind).map((plugin) => [plugin.name, partial(titled(plugin))])),
    additionalProperties: false,
  });
  const jobs = isSchema(sections['jobs']) ? sections['jobs']['additionalProperties'] : {};
  return schema({
    type: 'object',
    description: 'What entries have that do not say otherwise.',
    properties: {
      jobs: { ...(isSchema(jobs) ? jobs : {}), description: 'What jobs have that do not say otherwise.' },
      sources: typed('source', 'sources'),
      targets: typed('target', 'targets'),
    },
    additionalProperties: false,
  });
}

function entries(registry: PluginRegistry, kind: Kind, description: string): TSchema {
  return schema({ description, oneOf: pluginsOf(registry, kind).map(titled) });
}

function notifiers(registry: PluginRegistry): TSchema {
  const known: unknown[] = Object.values(NOTIFIERS);
  return schema({
    description: 'A way to tell people.',
    oneOf: [...known, ...pluginsOf(registry, 'notifier').map(titled)],
  });
}

function pipeline(registry: PluginRegistry): TSchema {
  return schema({
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
  });
}

function asSchema(whole: TSchema): Schema {
  return isSchema(whole) ? strict(whole) : {};
}

function fieldsOf({ properties }: Schema): Schema {
  return isSchema(properties) ? properties : {};
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
