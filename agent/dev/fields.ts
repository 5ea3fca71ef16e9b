import { isSchema, type Schema } from '../config/plugin-options.ts';
import { branchesOf } from '../config/schema-words.ts';

/** A field that may stand in a mapping. */
export interface Field {
  readonly name: string;
  readonly schema: Schema;
  /** Every branch that has the field asks for it. */
  readonly required: boolean;
  /** Values of the tag with which alone the field may stand; empty when it always may. */
  readonly only: readonly string[];
}

/** A choice among mappings that are told apart by a constant in one of their fields. */
export interface Variants {
  readonly tag: string;
  readonly branches: ReadonlyMap<string, Schema>;
}

/** The fields of a mapping, whichever branch of a choice is meant; branches that are entries of plugins are left out. */
export function fieldsOf(schema: Schema): Field[] {
  const branches = mappingsOf(schema);
  const variants = variantsOf(branches);
  const merged = new Map<string, Field[]>();
  const add = (key: string, field: Field) => merged.set(key, [...(merged.get(key) ?? []), field]);
  for (const field of ownFields(schema)) add(field.name, field);
  if (variants !== undefined) add(variants.tag, tagField(variants));
  const tagged = variants === undefined ? branches.map((each) => ['', each] as const) : [...variants.branches];
  for (const [value, branch] of tagged) {
    for (const field of fieldsOf(branch)) {
      if (field.name === variants?.tag) continue;
      const key = `${field.name} ${field.schema['description']}`;
      add(key, value === '' ? field : { ...field, only: [value] });
    }
  }
  return [...merged.values()].map((fields) => joined(fields, tagged.length));
}

/** `undefined` when the branches cannot be told apart so, or there are fewer than two. */
export function variantsOf(branches: readonly Schema[]): Variants | undefined {
  const [first] = branches;
  if (first === undefined || branches.length < 2) return undefined;
  for (const tag of Object.keys(propertiesOf(first))) {
    const values = branches.map((branch) => Object(propertiesOf(branch)[tag]).const);
    const distinct = new Set(values).size === values.length;
    if (distinct && values.every((value) => typeof value === 'string')) {
      return { tag, branches: new Map(branches.map((branch, index) => [String(values[index]), branch])) };
    }
  }
  return undefined;
}

/** The branches of a choice that are mappings of the agent's own. */
export function mappingsOf(schema: Schema): Schema[] {
  return branchesOf(schema).filter((branch) => branch['type'] === 'object' && pluginOf(branch) === undefined);
}

/** The plugin whose entry this schema describes: those are described on their own. */
export function pluginOf({ title, properties }: Schema): { kind: string; name: string } | undefined {
  const [, name, kind] = /^(\S+) (source|target|chunker|codec|notifier|check)$/.exec(String(title)) ?? [];
  const tags = ['type', 'algorithm'].map((tag) => Object(Object(properties)[tag]).const);
  return name !== undefined && kind !== undefined && tags.includes(name) ? { kind, name } : undefined;
}

function propertiesOf({ properties }: Schema): Schema {
  return isSchema(properties) ? properties : {};
}

function ownFields(schema: Schema): Field[] {
  const required = [schema['required']].flat();
  return Object.entries(propertiesOf(schema)).flatMap(([name, field]) => {
    return isSchema(field) ? [{ name, schema: field, required: required.includes(name), only: [] }] : [];
  });
}

function tagField({ tag, branches }: Variants): Field {
  const words = [...branches].map(([value, branch]) => {
    const { description } = Object(propertiesOf(branch)[tag]);
    return `\`${value}\`: ${description ?? branch['description'] ?? ''}`;
  });
  const description = words.join('\n');
  return { name: tag, schema: { type: 'string', description }, required: true, only: [] };
}

/** One field that stands in several branches. `of` is how many branches there are. */
function joined(fields: readonly Field[], of: number): Field {
  const [first] = fields;
  if (first === undefined) throw new Error('A field is in no branch.');
  const only = fields.flatMap((field) => field.only);
  const required = fields.every((field) => field.required);
  return { ...first, required, only: only.length === of ? [] : only };
}
