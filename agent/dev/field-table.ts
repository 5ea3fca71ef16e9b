/** The fields of a JSON Schema as a Markdown table: the options of a plugin, a section of the policy. */
import { isSchema, type Schema } from '../config/plugin-options.ts';
import { branchesOf, code, defaultInWords, typeInWords } from '../config/schema-words.ts';
import { type Field, fieldsOf, mappingsOf } from './fields.ts';

export interface TableOptions {
  /** What the first column is called. */
  readonly heading: string;
  /** Fields that are not listed: paths as they stand in the first column. */
  readonly skip?: (path: string) => boolean;
  /** A link to where the fields below this one are described, if they are. */
  readonly elsewhere?: (field: Field) => string | undefined;
}

/** Deeper fields are not listed: nobody finds them in a table. */
const MOST_LEVELS = 5;

/**
 * A row for every field below `schema`, which holds no `$ref`. Nested ones are named by their way in: `outer.inner`,
 * `list[].inner`, `map.<name>.inner`; where the fields of an outer one begin again, the row says so. Empty when nothing is below.
 */
export function fieldTable(schema: Schema, options: TableOptions): string {
  const rows = rowsBelow(schema, '', [], options).filter(({ path }) => options.skip?.(path) !== true);
  if (rows.length === 0) return '';
  const lines = rows.map(({ cells }) => `| ${cells.map(cell).join(' | ')} |`);
  return [`| ${options.heading} | type | default | meaning |`, '|---|---|---|---|', ...lines, ''].join('\n');
}

/** What a field means, with an example: the last column. */
export function meaningOf({ schema, only }: Pick<Field, 'schema' | 'only'>): string {
  const description = typeof schema['description'] === 'string' ? schema['description'] : '';
  const when = only.length === 0 ? '' : `With ${only.map(code).join(', ')}: `;
  const [first] = Array.isArray(schema['examples']) ? schema['examples'] : [];
  const shown = first === undefined || isSchema(first) ? undefined : inFlow(first);
  const instance = shown === undefined || code(shown) === defaultInWords(schema) ? '' : ` For instance ${code(shown)}.`;
  return `${when}${description}${instance}`.trim();
}

interface Row {
  readonly path: string;
  readonly cells: readonly string[];
}

/** A mapping that the row stands in. */
interface Outer {
  readonly path: string;
  readonly names: readonly string[];
}

function rowsBelow(schema: Schema, prefix: string, outer: readonly Outer[], options: TableOptions): Row[] {
  const fields = fieldsOf(schema);
  const here = { path: prefix, names: fields.map(({ name }) => name) };
  return fields.flatMap((field) => {
    const path = `${prefix}${field.name}`;
    const link = options.elsewhere?.(field);
    const inner = link === undefined && field.schema['title'] !== 'Secret' ? innerOf(field.schema, path) : [];
    const again = inner.flatMap((each) => sameFields(each.schema, [...outer, here]) ?? []);
    const meaning = [
      meaningOf(field),
      ...[link ?? again[0]].flatMap((where) => where ?? []).map((at) => `As in ${at}.`),
    ];
    const needed = field.required ? 'required' : (defaultInWords(field.schema) ?? '');
    const deeper = again.length > 0 || outer.length >= MOST_LEVELS ? [] : inner;
    return [
      { path, cells: [code(path), typeInWords(field.schema), needed, meaning.join(' ')] },
      ...deeper.flatMap((each) => rowsBelow(each.schema, each.prefix, [...outer, here], options)),
    ];
  });
}

/** Where fields may stand below a field: in itself, in each of a list, in each entry of a map, in a branch that is one of these. */
function innerOf(schema: Schema, path: string): { schema: Schema; prefix: string }[] {
  const { items, additionalProperties: named } = schema;
  const lists = branchesOf(schema).filter((branch) => !mappingsOf(schema).includes(branch));
  return [
    ...(fieldsOf(schema).length > 0 ? [{ schema, prefix: `${path}.` }] : []),
    ...(isSchema(items) && fieldsOf(items).length > 0 ? [{ schema: items, prefix: `${path}[].` }] : []),
    ...(isSchema(named) ? [{ schema: named, prefix: `${path}.<name>.` }] : []),
    ...lists.filter(({ type }) => type === 'array').flatMap((branch) => innerOf(branch, path)),
  ];
}

/** The way to an outer mapping that has all these fields too. */
function sameFields(schema: Schema, outer: readonly Outer[]): string | undefined {
  const names = fieldsOf(schema).map(({ name }) => name);
  if (names.length === 0) return undefined;
  const same = outer.find((each) => each.path !== '' && names.every((name) => each.names.includes(name)));
  return same === undefined ? undefined : code(same.path.replace(/\.$/, ''));
}

function inFlow(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(inFlow).join(', ')}]` : String(value);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', '<br>');
}
