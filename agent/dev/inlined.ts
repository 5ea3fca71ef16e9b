import { isSchema, type Schema } from '../config/plugin-options.ts';

/**
 * The schema with what `$ref` points to in its place (draft-07, 8.3; pointers into the same document only). What is said beside
 * a `$ref` stays. One that leads back into what it stands in keeps only its words: there the fields begin again.
 */
export function inlined(root: Schema): Schema {
  const inline = (value: unknown, open: readonly string[]): unknown => {
    if (Array.isArray(value)) return value.map((each) => inline(each, open));
    if (!isSchema(value)) return value;
    const { $ref, definitions: _, $defs: __, ...rest } = value;
    if (typeof $ref !== 'string') return parts(rest, open);
    const target = find(root, $ref);
    if (open.includes($ref)) return { ...wordsOf(target), ...rest };
    return { ...Object(inline(target, [...open, $ref])), ...parts(rest, open) };
  };
  const parts = (schema: Schema, open: readonly string[]): Schema => {
    return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, inline(value, open)]));
  };
  return Object(inline(root, []));
}

function wordsOf({ type, title, description }: Schema): Schema {
  return { ...(type !== undefined && { type }), ...(title !== undefined && { title }), description };
}

function find(root: Schema, pointer: string): Schema {
  const steps = pointer.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (steps.shift() !== '#') throw new Error(`${pointer} does not point into the schema that it stands in.`);
  let found: unknown = root;
  for (const step of steps) found = Array.isArray(found) ? found[Number(step)] : Object(found)[step];
  if (!isSchema(found)) throw new Error(`${pointer} points to no schema.`);
  return found;
}
