/** One section of the policy, as a part of docs/reference.md. */

import { NAME_PATTERN } from '../config/name.ts';
import { isSchema, type Schema } from '../config/plugin-options.ts';
import { branchesOf, code, typeInWords } from '../config/schema-words.ts';
import { exampleOf } from './example-of.ts';
import { fieldTable, meaningOf } from './field-table.ts';
import { type Field, fieldsOf, mappingsOf, pluginOf, type Variants, variantsOf } from './fields.ts';
import { anchor, block, link } from './markdown.ts';
import type { Example } from './policy-examples.ts';

export const PLUGINS_PAGE = 'reference-plugins.md';

export interface Section {
  readonly name: string;
  readonly schema: Schema;
  readonly example?: Example;
}

/** The text below the heading, ready to be joined by empty lines. */
export function sectionReference({ name, schema, example }: Section, elsewhere: (field: Field) => string | undefined) {
  const table = (of: Schema) => {
    const rows = fieldTable(of, { heading: 'field', elsewhere }).trimEnd();
    return rows === '' ? [] : [rows];
  };
  const each = [schema['additionalProperties'], schema['items']].find(isSchema);
  const parts = [`## ${name}`, String(schema['description'] ?? ''), ...exampleText(name, schema, example)];
  if (each === undefined) return [...parts, ...table(schema)];
  const own = variantsOf(mappingsOf(each));
  const words = each['description'] ?? '';
  const named = schema['type'] === 'array' ? '' : `${wordsOf(schema['propertyNames'])} `;
  if (branchesOf(each).some(pluginOf) || (own !== undefined && sharedFields(own) === 0)) {
    parts.push(`${named}${words} Its ${code(own?.tag ?? 'type')} says which:`, types(name, each, own));
    parts.push(...beside(each, table));
    for (const [value, branch] of own?.branches ?? []) {
      parts.push(`### ${name}: ${value}`, String(branch['description'] ?? ''), ...table(branch));
    }
  } else if (Array.isArray(each['items'])) {
    parts.push(`${named}${words}`, ...steps(each['items'].filter(isSchema)));
  } else {
    const told =
      schema['type'] === 'array' ? `Each of the list: ${meaningOf({ schema: each, only: [] })}` : `${named}${words}`;
    parts.push(told, ...table(each));
  }
  return parts;
}

/** Most names have one form, which the page says once. */
function wordsOf(names: unknown): string {
  const { description, pattern } = Object(names);
  return pattern === NAME_PATTERN || description === undefined ? 'Entries by name.' : `Entries by name. ${description}`;
}

/** A link to a plugin's options, seen from docs/. */
export function pluginLink({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `[${code(name)}](${PLUGINS_PAGE}#${anchor(`${kind} ${name}`)})`;
}

function exampleText(name: string, schema: Schema, example: Example | undefined): string[] {
  if (example !== undefined) return [`From [${example.from}](../${example.from}):`, block(example.yaml)];
  const made = exampleOf(name, schema);
  return made === undefined ? [] : [block(made)];
}

/** How many fields beside the tag every variant has. */
function sharedFields({ tag, branches }: Variants): number {
  const names = [...branches.values()].map((branch) => new Set(fieldsOf(branch).map((field) => field.name)));
  return [...(names[0] ?? [])].filter((name) => name !== tag && names.every((each) => each.has(name))).length;
}

function types(section: string, each: Schema, own: Variants | undefined): string {
  const variants = [...(own?.branches ?? [])].map(([value, { description }]) => {
    return `| ${link(value, `${section}: ${value}`)} | ${description ?? ''} |`;
  });
  const plugins = branchesOf(each).flatMap((branch) => {
    const plugin = pluginOf(branch);
    return plugin === undefined ? [] : [`| ${pluginLink(plugin)} | ${branch['description'] ?? ''} |`];
  });
  return ['| type | what it is |', '|---|---|', ...variants, ...plugins].join('\n');
}

/** The agent's own fields beside the options of plugins: those that it has by itself are the same in every entry. */
function beside(each: Schema, table: (of: Schema) => string[]): string[] {
  const own = branchesOf(each).flatMap((branch) => Object.entries(Object(branch['properties'])));
  const objectives = own.find(([name]) => name === 'objectives');
  if (objectives === undefined) return [];
  return ['Beside the options of its type, each can have:', ...table({ properties: Object.fromEntries([objectives]) })];
}

/** A list whose order is fixed: one row for each place in it. */
function steps(items: readonly Schema[]): string[] {
  const rows = items.flatMap((item, index) =>
    Object.entries(Object(item['properties'])).map(([name, value]) => {
      const stage: Schema = isSchema(value) ? value : {};
      const plugins = branchesOf(stage).flatMap((branch) => pluginOf(branch) ?? []);
      const values = plugins.length === 0 ? typeInWords(stage) : plugins.map(pluginLink).join(', ');
      return `| ${index + 1} | ${code(name)} | ${values} | ${stage['description'] ?? ''} |`;
    }),
  );
  return [
    'A stage is the name of its algorithm, or a mapping with `algorithm` and options.',
    ['| | stage | algorithm | meaning |', '|---|---|---|---|', ...rows].join('\n'),
  ];
}
