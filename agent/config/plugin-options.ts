import type { TSchema } from 'typebox';
import type { Plugin } from '../contract/index.ts';
import type { Path } from './diagnostic.ts';
import { Objectives } from './schema.ts';

/** A JSON Schema, draft-07, as plain data. */
export type Schema = { readonly [key: string]: unknown };

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The schema as the agent means it: objects refuse what they do not declare, and what has a default need not be written.
 * Plugins say neither, so that they cannot forget it.
 */
export function strict(schema: Schema): Schema {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) result[key] = strictPart(key, value);
  const fields = schema['properties'];
  if (!isSchema(fields)) return result;
  if (!('additionalProperties' in schema) && !('patternProperties' in schema)) result['additionalProperties'] = false;
  const required = Array.isArray(schema['required']) ? schema['required'].map(String) : [];
  const needed = required.filter((name) => !hasDefault(fields[name]));
  delete result['required'];
  if (needed.length > 0) result['required'] = needed;
  return result;
}

function strictPart(key: string, value: unknown): unknown {
  if (key === 'properties' || key === 'patternProperties') {
    return isSchema(value)
      ? Object.fromEntries(Object.entries(value).map(([name, part]) => [name, strictAny(part)]))
      : value;
  }
  if (key === 'items' || key === 'additionalProperties' || key === 'anyOf' || key === 'oneOf') return strictAny(value);
  return value;
}

function strictAny(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strictAny);
  return isSchema(value) ? strict(value) : value;
}

function hasDefault(schema: unknown): boolean {
  return isSchema(schema) && 'default' in schema;
}

/** What may be written under one source, target, stage …: the plugin's options and the agent's own fields beside them. */
export function entrySchema(plugin: Plugin): Schema {
  const options = optionsOf(plugin.options);
  const tag = plugin.kind === 'chunker' || plugin.kind === 'codec' ? 'algorithm' : 'type';
  const own: Record<string, unknown> = { [tag]: { const: plugin.name, description: plugin.summary } };
  if (plugin.kind === 'source') own['objectives'] = Objectives;
  const required = Array.isArray(options['required']) ? options['required'] : [];
  return strict({
    description: plugin.summary,
    ...options,
    type: 'object',
    properties: { ...own, ...(isSchema(options['properties']) ? options['properties'] : {}) },
    required: [tag, ...required],
  });
}

function optionsOf(schema: TSchema): Schema {
  return isSchema(schema) ? schema : {};
}

/** Makes a path of the policy absolute: relative ones are relative to the file that has them at `at`. */
export type Absolute = (path: string, at: Path) => string;

/** Makes relative paths in options absolute: strings whose schema says `format: 'path'`. `at` is where the value stands. */
export function resolvePaths(schema: Schema, value: unknown, at: Path, absolute: Absolute): unknown {
  if (typeof value === 'string') return schema['format'] === 'path' ? absolute(value, at) : value;
  for (const key of ['anyOf', 'oneOf']) {
    const branches = schema[key];
    if (Array.isArray(branches)) for (const branch of branches) value = resolvePaths(branch, value, at, absolute);
  }
  if (Array.isArray(value)) {
    const items = schema['items'];
    return isSchema(items) ? value.map((item, index) => resolvePaths(items, item, [...at, index], absolute)) : value;
  }
  if (!isSchema(value)) return value;
  const fields = Object.entries(value).map(([name, part]) => {
    const field = fieldSchema(schema, name);
    return [name, field === undefined ? part : resolvePaths(field, part, [...at, name], absolute)] as const;
  });
  return Object.fromEntries(fields);
}

/** The schema of one field of an object: of that name, or of names like it. */
export function fieldSchema(schema: Schema, name: string): Schema | undefined {
  const { properties, patternProperties, additionalProperties } = schema;
  if (isSchema(properties) && Object.hasOwn(properties, name)) return asSchema(properties[name]);
  const fitting = Object.entries(isSchema(patternProperties) ? patternProperties : {}).find(([pattern]) =>
    new RegExp(pattern, 'u').test(name),
  );
  return asSchema(fitting === undefined ? additionalProperties : fitting[1]);
}

function asSchema(value: unknown): Schema | undefined {
  return isSchema(value) ? value : undefined;
}
