import { isMap, isScalar, type ParsedNode, parseDocument, stringify } from 'yaml';

type Schema = Readonly<Record<string, unknown>>;

/** A policy in which one mapping has all its keys, and the offsets of these. Of the rest it has what is needed to get there. */
export interface Place {
  /** The keys that lead to the mapping, for people: `jobs.example.schedule`. */
  readonly path: string;
  readonly text: string;
  readonly keys: readonly Key[];
}

export interface Key {
  readonly name: string;
  readonly offset: number;
  readonly schema: Schema;
}

/** Every mapping that a schema describes, however deep and in whichever branch of a choice, once each. */
export function* placesOf(schema: Schema, head: string): Generator<Place> {
  for (const { mapping, steps, around } of mappingsOf(schema, [], (inner) => inner)) {
    const names = Object.keys(fieldsOf(mapping));
    // What may have one key only is shown once with each.
    const groups = mapping['maxProperties'] === 1 ? names.map((name) => [name]) : [names];
    for (const group of groups) yield placeOf(mapping, group, steps, around, head);
  }
}

type Step = string | number;
type Around = (inner: unknown) => unknown;

interface Found {
  readonly mapping: Schema;
  readonly steps: readonly Step[];
  readonly around: Around;
}

function* mappingsOf(schema: Schema, steps: readonly Step[], around: Around): Generator<Found> {
  const fields = Object.entries(fieldsOf(schema));
  if (fields.length > 0) yield { mapping: schema, steps, around };
  for (const [name, field] of fields) {
    yield* mappingsOf(field, [...steps, name], (inner) => around({ ...neededOf(schema), [name]: inner }));
  }
  const { items, additionalProperties: named } = schema;
  if (isSchema(named)) yield* mappingsOf(named, [...steps, 'example'], (inner) => around({ example: inner }));
  if (isSchema(items)) yield* mappingsOf(items, [...steps, 0], (inner) => around([inner]));
  if (Array.isArray(items)) {
    const samples = items.map(sampleOf);
    for (const [index, item] of items.entries()) {
      yield* mappingsOf(item, [...steps, index], (inner) => around(samples.with(index, inner)));
    }
  }
  for (const branch of branchesOf(schema)) yield* mappingsOf(branch, steps, around);
}

function placeOf(mapping: Schema, names: readonly string[], steps: readonly Step[], around: Around, head: string) {
  const fields = fieldsOf(mapping);
  const inner = Object.fromEntries(names.map((name) => [name, sampleOf(fields[name] ?? {})]));
  const text = `${head}${stringify(around(inner), { aliasDuplicateObjects: false })}`;
  let node: unknown = parseDocument(text).contents;
  for (const step of steps) node = Object(node).get(step, true);
  const keys = names.map((name) => ({ name, offset: offsetOf(node, name), schema: fields[name] ?? {} }));
  return { path: steps.join('.'), text, keys };
}

function offsetOf(node: unknown, name: string): number {
  const map = node as ParsedNode;
  const pair = isMap(map) ? map.items.find(({ key }) => isScalar(key) && key.value === name) : undefined;
  const range = pair?.key.range;
  if (!range) throw new Error(`The text for ${name} does not have it.`);
  return range[0];
}

/** What a mapping must have beside the key that is looked at: what is required, and what tells the branches of a choice apart. */
function neededOf(schema: Schema): object {
  const required = [schema['required']].flat();
  const fields = Object.entries(fieldsOf(schema));
  const all = fields.filter(([name, field]) => required.includes(name) || 'const' in field);
  const needed = all.length === 0 && schema['minProperties'] === 1 ? fields.slice(0, 1) : all;
  return Object.fromEntries(needed.map(([name, field]) => [name, sampleOf(field)]));
}

function sampleOf(schema: Schema): unknown {
  const { examples, const: only, enum: values, default: fallback, items, type } = schema;
  if (Array.isArray(examples)) return examples[0];
  if (only !== undefined || Array.isArray(values)) return only ?? [values].flat()[0];
  if (fallback !== undefined) return fallback;
  const [branch] = branchesOf(schema);
  if (branch !== undefined) return sampleOf(branch);
  if (Array.isArray(items)) return items.map(sampleOf);
  if (type === 'array') return isSchema(items) ? [sampleOf(items)] : [];
  if (type === 'object') {
    const { additionalProperties: named } = schema;
    return isSchema(named) ? { example: sampleOf(named) } : neededOf(schema);
  }
  const types = [type].flat();
  if (types.includes('integer')) return schema['minimum'] ?? 1;
  return types.includes('boolean') ? true : 'example';
}

function branchesOf({ anyOf, oneOf }: Schema): Schema[] {
  return [anyOf ?? oneOf].flat().filter(isSchema);
}

function fieldsOf({ properties }: Schema): Readonly<Record<string, Schema>> {
  return isSchema(properties) ? (properties as Record<string, Schema>) : {};
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
