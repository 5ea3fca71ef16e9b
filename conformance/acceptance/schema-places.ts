import { isCollection, isMap, isScalar, parseDocument, stringify } from 'yaml';

export type Schema = Readonly<Record<string, unknown>>;

/** A policy with one mapping to look at. Of the rest it has what is needed to get there. */
export interface Place {
  /** The keys that lead to the mapping, for people: `jobs.example.schedule`. */
  readonly path: string;
  readonly mapping: Schema;
  /** The policy, with these fields in the mapping. */
  write(fields: object): string;
  /** Where the value of `key` or the key itself begins in a text of {@link write}. */
  offsetOf(text: string, key: string): number;
}

/** Every mapping that a schema describes, however deep and in whichever branch of a choice, once each. */
export function placesOf(schema: Schema): Place[] {
  return [...mappingsOf(schema, [], (inner) => inner)].map(({ mapping, steps, around }) => ({
    path: steps.join('.'),
    mapping,
    write: (fields) => stringify(around(fields), { aliasDuplicateObjects: false }),
    offsetOf: (text, key) => {
      let node: unknown = parseDocument(text).contents;
      for (const step of steps) node = isCollection(node) ? node.get(step, true) : undefined;
      const pair = isMap(node) ? node.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
      const range = isScalar(pair?.key) ? pair.key.range : undefined;
      if (!range) throw new Error(`The text does not have ${key}:\n${text}`);
      return range[0];
    },
  }));
}

/** Its keys in groups that may stand together. */
export function keysOf(mapping: Schema): string[][] {
  const names = Object.keys(fieldsOf(mapping));
  return mapping['maxProperties'] === 1 ? names.map((name) => [name]) : [names];
}

/** Values that can be completed: constants, choices, true and false. */
export function choicesOf(schema: Schema): string[] {
  const { const: only, enum: values, type } = schema;
  const own =
    only !== undefined
      ? [only]
      : Array.isArray(values)
        ? values
        : [type].flat().includes('boolean')
          ? [true, false]
          : [];
  return [...own.map(String), ...branchesOf(schema).flatMap(choicesOf)];
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

/** What a mapping must have beside the key that is looked at: what is required, and what tells the branches of a choice apart. */
export function neededOf(schema: Schema): Record<string, unknown> {
  const required = [schema['required']].flat();
  const fields = Object.entries(fieldsOf(schema));
  const all = fields.filter(([name, field]) => required.includes(name) || 'const' in field);
  const needed = all.length === 0 && schema['minProperties'] === 1 ? fields.slice(0, 1) : all;
  return Object.fromEntries(needed.map(([name, field]) => [name, sampleOf(field)]));
}

export function sampleOf(schema: Schema): unknown {
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

export function fieldsOf({ properties }: Schema): Readonly<Record<string, Schema>> {
  return isSchema(properties) ? (properties as Record<string, Schema>) : {};
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
