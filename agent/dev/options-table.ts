/** The fields of a JSON Schema as a Markdown table: the options of a plugin, a section of the policy. */
import { isSchema, type Schema } from '../config/plugin-options.ts';
import { branchesOf, code, defaultInWords, typeInWords } from '../config/schema-words.ts';

/** Fields that are not to be listed: paths as they stand in the first column. */
export type Skip = (path: string) => boolean;

/**
 * A row for every field below `schema`. Nested ones are named by their way in: `outer.inner`, `list[].inner`, `map.<name>.inner`.
 * Empty when nothing is below.
 */
export function fieldTable(schema: Schema, heading: string, skip: Skip = () => false): string {
  const body = rowsBelow(schema, '').filter(({ path }) => !skip(path));
  if (body.length === 0) return '';
  const lines = body.map(({ cells }) => `| ${cells.map(cell).join(' | ')} |`);
  return [`| ${heading} | type | default | meaning |`, '|---|---|---|---|', ...lines, ''].join('\n');
}

/** The key that names the plugin is left out: it is the same in every row's policy. */
export function optionsTable(schema: Schema): string {
  const tag = (path: string) => path === 'type' || path === 'algorithm';
  return fieldTable(schema, 'option', tag) || 'It has no options.\n';
}

/** The entries of plugins among the branches of a choice are described on their own. */
export function isPluginEntry({ title, properties }: Schema): boolean {
  if (!/^\S+ (?:source|target|chunker|codec|notifier|check)$/.test(String(title)) || !isSchema(properties))
    return false;
  return [properties['type'], properties['algorithm']].some((tag) => isSchema(tag) && 'const' in tag);
}

interface Row {
  readonly path: string;
  readonly cells: readonly string[];
}

interface Field {
  readonly schema: Schema;
  readonly required: boolean;
}

function rowsBelow(schema: Schema, prefix: string): Row[] {
  return [...fieldsOf(schema)].flatMap(([name, { schema: field, required }]) => {
    const path = `${prefix}${name}`;
    const needed = required ? 'required' : (defaultInWords(field) ?? '');
    const { items, additionalProperties: named } = field;
    return [
      { path, cells: [code(path), typeInWords(field), needed, meaningOf(field)] },
      ...rowsBelow(field, `${path}.`),
      ...(isSchema(items) ? rowsBelow(items, `${path}[].`) : []),
      ...(isSchema(named) ? rowsBelow(named, `${path}.<name>.`) : []),
    ];
  });
}

/** The fields that may stand here, whichever branch of a choice is meant. Required is what every branch requires. */
function fieldsOf(schema: Schema): Map<string, Field> {
  const fields = new Map<string, Field>();
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  for (const [name, field] of Object.entries(Object(schema['properties']))) {
    if (isSchema(field)) fields.set(name, { schema: field, required: required.includes(name) });
  }
  const branches = branchesOf(schema).filter((branch) => !isPluginEntry(branch));
  const always = branchesOf(schema).map((branch) => [branch['required']].flat());
  for (const [name, field] of branches.flatMap((branch) => [...fieldsOf(branch)])) {
    if (!fields.has(name)) fields.set(name, { ...field, required: always.every((names) => names.includes(name)) });
  }
  return fields;
}

function meaningOf(schema: Schema): string {
  const description = typeof schema['description'] === 'string' ? schema['description'] : '';
  const [only] = Array.isArray(schema['examples']) ? schema['examples'] : [];
  const shown = only === undefined || isSchema(only) ? undefined : inFlow(only);
  if (shown === undefined || code(shown) === defaultInWords(schema)) return description;
  return `${description} For instance ${code(shown)}.`.trim();
}

function inFlow(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(inFlow).join(', ')}]` : String(value);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
