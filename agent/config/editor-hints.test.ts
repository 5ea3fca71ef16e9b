import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Ajv } from 'ajv';
import { builtinPlugins } from '../cli/builtin.ts';
import { SIZE_TEXT } from '../contract/index.ts';
import { withEditorHints } from './editor-hints.ts';
import { NAME_PATTERN } from './name.ts';
import { withVariables } from './partial-schema.ts';
import { isSchema, type Schema } from './plugin-options.ts';
import { publishedSchemas } from './published.ts';

describe('every field of the published schemas', () => {
  const fields = [...publishedSchemas(builtinPlugins())].flatMap(([name, schema]) => fieldsBelow(schema, name));

  test('is described in sentences', () => {
    assert.ok(fields.length > 500);
    const wrong = fields.filter(({ field }) => !/^\S.*[.!?)]$/.test(String(field['description'])));
    assert.deepEqual(
      wrong.map(({ at }) => at),
      [],
    );
  });

  test('has examples and a default that it allows', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const wrong = fields.flatMap(({ field, at }) => {
      const values = [field['examples'] ?? [], 'default' in field ? [field['default']] : []].flat();
      return values.filter((value) => !ajv.validate(field, value)).map((value) => `${at}: ${JSON.stringify(value)}`);
    });
    assert.deepEqual(wrong, []);
  });

  test('shows by an example or a default how it is written, where that is not one of few values', () => {
    // In parts, which stand under hosts and defaults, a default would be wrong: they keep that of the whole.
    const whole = fields.filter(({ at }) => !/ (?:hosts|defaults)\b|\$schema$/.test(at));
    assert.deepEqual(
      whole.filter(({ field }) => isFree(field) && !isShown(field)).map(({ at }) => at),
      [],
    );
  });
});

describe('hints for editors', () => {
  test('tell the default, sizes as people write them, and escape what Markdown would take', () => {
    const size = {
      description: 'At *most* <n> of `a_b`.',
      anyOf: [{ type: 'integer' }, { type: 'string', pattern: SIZE_TEXT }],
    };
    const hinted = withEditorHints({ ...size, default: 4_194_304 });
    assert.equal(hinted['default'], '4MiB');
    assert.equal(hinted['markdownDescription'], 'At \\*most\\* \\<n\\> of `a_b`.\n\nDefault: `4MiB`');
    assert.equal(withEditorHints(size)['markdownDescription'], undefined);
  });

  test('make a choice among constants an enum, and leave other choices as they are', () => {
    const constants = {
      description: 'Which.',
      anyOf: [{ const: 'a', type: 'string', description: 'One.' }, { const: 'b' }],
    };
    assert.deepEqual(withEditorHints(constants), { description: 'Which.', type: 'string', enum: ['a', 'b'] });
    const mixed = { description: 'Which.', anyOf: [{ const: 'a' }, { type: 'integer' }] };
    assert.deepEqual(withEditorHints(mixed), mixed);
  });

  test('let only mappings speak for themselves among the branches of a field', () => {
    const text = { type: 'string', description: 'A text.', examples: ['a'] };
    const mapping = { type: 'object', description: 'A mapping.', properties: { a: text } };
    const { anyOf } = withEditorHints({ description: 'Either.', examples: ['b'], anyOf: [text, mapping] });
    assert.deepEqual(anyOf, [{ type: 'string' }, mapping]);
  });

  test('name what is below by the section it stands in', () => {
    const entry = { type: 'object', properties: { keep: { type: 'object', properties: {} } } };
    const policy = withEditorHints({ properties: { policies: { type: 'object', additionalProperties: entry } } });
    const titles = fieldsBelow(policy, '').map(({ field }) => field['title']);
    assert.deepEqual(titles, [undefined, 'keep']);
    assert.match(JSON.stringify(policy), /"additionalProperties":\{"title":"policy"/);
  });

  test('say in words what a pattern asks for, with variables too', () => {
    const message = (schema: Schema) => withVariables(withEditorHints(schema))['patternErrorMessage'];
    assert.match(String(message({ type: 'string', pattern: SIZE_TEXT })), /^This is not a size: .*64KiB/);
    assert.match(String(message({ type: 'string', pattern: NAME_PATTERN })), /^This cannot be a name: a-z/);
    assert.equal(message({ type: 'string', pattern: '^x$', examples: ['x'] }), 'This does not have the form of x');
    assert.match(String(message({ type: 'integer' })), /^This is no number, and no variable: \$\{NAME\}$/);
    assert.equal(message({ type: 'string', pattern: '^x$' }), undefined);
  });

  test('change nothing of what is allowed', () => {
    const asked = {
      type: 'object',
      properties: { a: { anyOf: [{ const: 1 }, { const: 'b' }] } },
      required: ['a'],
      additionalProperties: false,
    };
    const ajv = new Ajv({ strict: false });
    for (const value of [{ a: 1 }, { a: 'b' }, { a: 'c' }, {}, { a: 1, c: 1 }, 1]) {
      assert.equal(ajv.validate(withEditorHints(asked), value), ajv.validate(asked, value), JSON.stringify(value));
    }
  });
});

interface Found {
  readonly field: Schema;
  readonly at: string;
}

function fieldsBelow(schema: unknown, at: string): Found[] {
  if (Array.isArray(schema)) return schema.flatMap((each) => fieldsBelow(each, at));
  if (!isSchema(schema)) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key !== 'properties' || !isSchema(value)) return key === 'else' || key === 'if' ? [] : fieldsBelow(value, at);
    return Object.entries(value).flatMap(([name, field]) => {
      return [...(isSchema(field) ? [{ field, at: `${at} ${name}` }] : []), ...fieldsBelow(field, `${at} ${name}`)];
    });
  });
}

/** Text, or a list of it, that may be anything. */
function isFree(schema: Schema): boolean {
  const { type, items, enum: values, const: only, pattern } = schema;
  if (type === 'array') return isSchema(items) && isFree(items);
  if (type === 'string') return values === undefined && only === undefined && pattern !== '\\$\\{';
  return branches(schema).some(isFree);
}

function isShown(schema: Schema): boolean {
  const { examples, items } = schema;
  if ((Array.isArray(examples) && examples.length > 0) || 'default' in schema) return true;
  return (isSchema(items) && isShown(items)) || branches(schema).some(isShown);
}

function branches({ anyOf, oneOf }: Schema): Schema[] {
  return [anyOf ?? oneOf].flat().filter(isSchema);
}
