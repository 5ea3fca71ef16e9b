/** A plugin's options as a Markdown table, from the JSON Schema that is published for them. */

type Schema = { readonly [key: string]: unknown };

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function typeOf(schema: Schema): string {
  const { const: only, enum: values, anyOf, oneOf, type, items } = schema;
  const branches = anyOf ?? oneOf;
  if (only !== undefined) return code(only);
  if (Array.isArray(values)) return values.map(code).join(', ');
  if (Array.isArray(branches)) return [...new Set(branches.filter(isSchema).map(typeOf))].join(' or ');
  if (type === 'array') return isSchema(items) ? `list of ${typeOf(items)}` : 'list';
  return typeof type === 'string' ? type : 'any';
}

function rows(schema: Schema, prefix: string): string[] {
  const properties = isSchema(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(properties).flatMap(([name, property]) => {
    if (!isSchema(property)) return [];
    const fallback = property['default'] === undefined ? '' : code(property['default']);
    const needed = required.includes(name) ? 'required' : fallback;
    const description = typeof property['description'] === 'string' ? property['description'] : '';
    const cells = [code(prefix + name), typeOf(property), needed, description];
    return [
      `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`,
      ...rows(property, `${prefix}${name}.`),
    ];
  });
}

/** Nested options are named `outer.inner`. The key that names the plugin is left out: it is the same in every row's policy. */
export function optionsTable(schema: Schema): string {
  const properties = isSchema(schema['properties']) ? schema['properties'] : {};
  const named = Object.entries(properties).filter(([name]) => name !== 'type' && name !== 'algorithm');
  const body = rows({ ...schema, properties: Object.fromEntries(named) }, '');
  if (body.length === 0) return 'It has no options.\n';
  return ['| option | type | default | meaning |', '|---|---|---|---|', ...body, ''].join('\n');
}
