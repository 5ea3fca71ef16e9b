import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { builtinPlugins } from '../cli/builtin.ts';
import { isSchema, type Schema } from '../config/plugin-options.ts';
import { describedPolicy } from '../config/published.ts';
import { KINDS } from '../config/registry.ts';
import { exampleOf } from './example-of.ts';
import { fieldTable } from './field-table.ts';
import { inlined } from './inlined.ts';
import { anchor } from './markdown.ts';
import { policyReference } from './reference.ts';

const text = (description: string, more: Schema = {}) => ({ type: 'string', description, ...more });
const mapping = (properties: Schema, more: Schema = {}) => ({ type: 'object', properties, ...more });

/** The rows of a table: path, type, default, meaning. */
function rowsOf(schema: Schema): string[][] {
  const lines = fieldTable(inlined(schema), { heading: 'field' }).split('\n').slice(2, -1);
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('the page about the policy', () => {
  const registry = builtinPlugins();
  const policy = describedPolicy(registry);
  const page = policyReference(policy, new Map());
  const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);

  test('has a section for every key that holds something, and a row for every key', () => {
    for (const [name, schema] of Object.entries(Object(policy['properties']))) {
      const section = ['object', 'array'].includes(Object(schema).type);
      assert.equal(headings.includes(name), section, name);
      assert.ok(
        [`\n| \`${name}\` |`, `\n| [\`${name}\`](#`].some((row) => page.includes(row)),
        name,
      );
    }
  });

  test('has every field by its name', () => {
    const written = new Set(
      [...page.matchAll(/^\| \[?`([^`]+)`|^\| \d \| `([^`]+)`/gm)].flatMap(([, path = '', stage = '']) => {
        return [stage, ...path.split(/\.|\[\]/)];
      }),
    );
    const missing = new Set(namesBelow(policy).filter((name) => !written.has(name)));
    // What plugins say of themselves is on a page of its own.
    const plugins = KINDS.flatMap((kind) => registry.names(kind).map((name) => registry.get(kind, name)?.options));
    const ofPlugins = new Set(['algorithm', ...plugins.flatMap(namesBelow)]);
    const left = [...missing].filter((name) => !ofPlugins.has(name));
    assert.deepEqual(left, []);
  });

  test('has no link that leads nowhere, and no heading twice', () => {
    const anchors = headings.map(anchor);
    for (const [, target = ''] of page.matchAll(/\]\(#([^)]*)\)/g)) assert.ok(anchors.includes(target), target);
    assert.equal(new Set(anchors).size, anchors.length);
  });

  test('has tables whose rows have as many cells as their heads', () => {
    const cells = (line: string) => line.split(/(?<!\\)\|/).length;
    let head = 0;
    for (const line of page.split('\n')) {
      if (!line.startsWith('|')) head = 0;
      else if (head === 0) head = cells(line);
      else assert.equal(cells(line), head, line);
    }
  });

  test('shows examples that the schema allows, where no policy has one', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const sections = Object.entries(Object(policy['properties'])).flatMap(([name, schema]) => {
      const example = isSchema(schema) ? exampleOf(name, schema) : undefined;
      return example === undefined ? [] : [{ name, schema, value: parse(example)[name] }];
    });
    assert.ok(sections.length > 6);
    for (const { name, schema, value } of sections)
      assert.ok(ajv.validate(Object(schema), value), `${name}: ${ajv.errorsText()}`);
  });
});

describe('a table of fields', () => {
  test('names nested fields by their way in, with type, default and example', () => {
    const schema = mapping(
      {
        list: { type: 'array', items: mapping({ a: text('A.', { examples: ['x|y'] }) }), description: 'List.' },
        map: {
          type: 'object',
          additionalProperties: mapping({ b: text('B.', { default: 'z' }) }),
          description: 'Map.',
        },
      },
      { required: ['list'] },
    );
    assert.deepEqual(rowsOf(schema), [
      ['`list`', 'list of mappings', 'required', 'List.'],
      ['`list[].a`', 'text', '', 'A. For instance `x\\|y`.'],
      ['`map`', 'entries by name', '', 'Map.'],
      ['`map.<name>.b`', 'text', '`z`', 'B.'],
    ]);
  });

  test('tells variants apart by their tag, and what only some of them have', () => {
    const variant = (name: string, fields: Schema, required: string[]) =>
      mapping({ kind: { const: name, description: `A ${name}.` }, ...fields }, { required: ['kind', ...required] });
    const both = { note: text('A note.') };
    const oneOf = [
      variant('dog', { ...both, bark: text('How loud.') }, ['bark']),
      variant('cat', { ...both, purr: text('How soft.') }, []),
    ];
    assert.deepEqual(rowsOf({ oneOf }), [
      ['`kind`', 'text', 'required', '`dog`: A dog.<br>`cat`: A cat.'],
      ['`note`', 'text', '', 'A note.'],
      ['`bark`', 'text', 'required', 'With `dog`: How loud.'],
      ['`purr`', 'text', '', 'With `cat`: How soft.'],
    ]);
  });

  test('lists fields of a mapping that may also be written as a text, or alone instead of in a list', () => {
    const one = mapping({ a: text('A.') });
    const anyOf = [{ type: 'string' }, one, { type: 'array', items: mapping({ b: text('B.') }) }];
    const rows = rowsOf(mapping({ x: { description: 'X.', anyOf } }));
    assert.deepEqual(
      rows.map(([path, type]) => `${path} ${type}`),
      ['`x` text, mapping or list of mappings', '`x.a` text', '`x[].b` text'],
    );
  });

  test('ends where the fields of an outer mapping begin again, by reference or written out', () => {
    const node = mapping({ name: text('Name.'), next: { $ref: '#/$defs/node', description: 'Next.' } });
    const rows = rowsOf({ ...mapping({ first: { $ref: '#/$defs/node' } }), $defs: { node } });
    assert.deepEqual(
      rows.map(([path]) => path),
      ['`first`', '`first.name`', '`first.next`'],
    );
    const inner = mapping({ name: text('Name.') });
    const steps = {
      type: 'array',
      items: mapping({ name: text('Name.'), both: { type: 'array', items: inner, description: 'Both.' } }),
    };
    assert.deepEqual(rowsOf(mapping({ steps })).at(-1), [
      '`steps[].both`',
      'list of mappings',
      '',
      'Both. As in `steps[]`.',
    ]);
  });

  test('goes no deeper than anybody reads', () => {
    let schema = mapping({ end: text('End.') });
    for (let depth = 0; depth < 40; depth += 1) schema = mapping({ [`level${depth}`]: schema });
    const rows = rowsOf(schema);
    assert.ok(rows.length >= 5 && rows.length < 10, `${rows.length} rows`);
  });

  test('is empty for what has no fields', () => {
    assert.equal(fieldTable({ type: 'string' }, { heading: 'field' }), '');
  });
});

describe('a schema without references', () => {
  test('keeps what is said beside one, and refuses those that lead out or nowhere', () => {
    const schema = {
      properties: { a: { $ref: '#/definitions/x~1y', description: 'Own.' } },
      definitions: { 'x/y': text('Its.') },
    };
    assert.deepEqual(inlined(schema), { properties: { a: { type: 'string', description: 'Own.' } } });
    assert.throws(() => inlined({ properties: { a: { $ref: '#/definitions/gone' } } }), /gone points to no schema/);
    assert.throws(() => inlined({ properties: { a: { $ref: 'https://example.net/s' } } }), /does not point into/);
  });
});

function namesBelow(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(namesBelow);
  if (!isSchema(schema)) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    return [...(key === 'properties' && isSchema(value) ? Object.keys(value) : []), ...namesBelow(value)];
  });
}
