import { stringify } from 'yaml';
import { isSchema, type Schema } from '../config/plugin-options.ts';
import { branchesOf } from '../config/schema-words.ts';

/** A section of the policy made from the examples in its schema, as YAML; undefined where they do not suffice. */
export function exampleOf(section: string, schema: Schema): string | undefined {
  const value = sampleOf(schema);
  const empty = value === undefined || (typeof value === 'object' && Object.keys(Object(value)).length === 0);
  return empty ? undefined : stringify({ [section]: value }, { lineWidth: 0 });
}

function sampleOf(schema: Schema): unknown {
  const { examples, const: only, enum: values, default: fallback, items, additionalProperties: named } = schema;
  if (Array.isArray(examples) && examples.length > 0) return examples[0];
  if (only !== undefined) return only;
  if (Array.isArray(values)) return values[0];
  if (isSchema(items)) return listOf(items);
  if (isSchema(named)) return entryOf(sampleOf(named));
  if (schema['type'] === 'object') return mappingOf(schema);
  const [branch] = branchesOf(schema);
  return fallback ?? (branch === undefined ? undefined : sampleOf(branch));
}

/** All examples of an item, since that is what a list is for. */
function listOf(items: Schema): unknown[] | undefined {
  const { examples } = items;
  if (Array.isArray(examples) && examples.length > 0) return examples;
  const one = sampleOf(items);
  return one === undefined ? undefined : [one];
}

function entryOf(value: unknown): unknown {
  return value === undefined ? undefined : { example: value };
}

function mappingOf(schema: Schema): unknown {
  const fields = Object(schema['properties']);
  const required = [schema['required']].flat().filter((name) => typeof name === 'string');
  const pairs = required.map((name) => [name, sampleOf(Object(fields[name]))] as const);
  return pairs.every(([, value]) => value !== undefined) ? Object.fromEntries(pairs) : undefined;
}
