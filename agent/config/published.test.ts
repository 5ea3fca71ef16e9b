import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { builtinPlugins } from '../cli/builtin.ts';
import { parsePolicy } from './load.ts';
import { mistakes } from './mistakes.fixture.ts';
import { publishedSchemas } from './published.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const schemas = [...publishedSchemas(builtinPlugins())];
const policySchema = Object.fromEntries(schemas)['policy.schema.json'];
const asEditors = () => new Ajv({ allErrors: true, strict: false, validateFormats: false });

describe('the published schemas', () => {
  test('are committed as the code declares them', async () => {
    for (const [name, schema] of schemas) {
      const committed: unknown = JSON.parse(await readFile(path.join(root, 'schemas', name), 'utf8'));
      assert.deepEqual(committed, JSON.parse(JSON.stringify(schema)), `${name}: npm run generate`);
    }
  });

  test('are valid draft-07, and describe every field', () => {
    assert.ok(schemas.length >= 8);
    for (const [name, schema] of schemas) {
      assert.equal(schema['$schema'], 'http://json-schema.org/draft-07/schema#');
      assert.equal(asEditors().validateSchema(schema), true, name);
      assert.deepEqual(undescribed(schema, name), []);
    }
  });

  test('ask for no field that has a default', () => {
    for (const [name, schema] of schemas) assert.deepEqual(requiredWithDefault(schema, name), []);
  });
});

describe('every file in policies/', async () => {
  const validate = asEditors().compile(policySchema ?? false);
  const names = (await readdir(path.join(root, 'policies'))).filter((name) => /\.(ya?ml|json)$/.test(name));
  test('is there', () => assert.deepEqual(names.sort().slice(0, 2), ['quickstart.yaml', 'trading-platform.yaml']));
  for (const name of names) {
    test(`${name} is valid, for the agent and for editors`, async () => {
      const file = path.join(root, 'policies', name);
      const text = await readFile(file, 'utf8');
      const { policy, diagnostics } = parsePolicy({ text, file, host: 'h', plugins: builtinPlugins() });
      assert.deepEqual(
        diagnostics.filter(({ severity }) => severity === 'error'),
        [],
      );
      assert.ok(policy && Object.keys(policy.jobs).length > 0);
      assert.equal(validate(parse(text, { merge: true })), true, JSON.stringify(validate.errors, null, 2));
      assert.match(text, /^# yaml-language-server: \$schema=\.\.\/schemas\/policy\.schema\.json\n/);
    });
  }
});

test('what the agent refuses by schema, editors refuse by the published one', () => {
  const validate = asEditors().compile(policySchema ?? false);
  const bySchema = mistakes.filter(
    ({ expected, beyondSchema }) => beyondSchema === undefined && expected.some((what) => /^HF(2|400[123])/.test(what)),
  );
  assert.ok(bySchema.length > 25);
  for (const { name, text } of bySchema) {
    assert.equal(validate(parse(text.replaceAll('‸', ''), { merge: true })), false, name);
  }
});

/** The fields in a schema that nobody has described. */
function undescribed(schema: unknown, at: string): string[] {
  return fieldsOf(schema, at).flatMap(([field, place]) => ('description' in Object(field) ? [] : [place]));
}

function requiredWithDefault(schema: unknown, at: string): string[] {
  return everyObject(schema).flatMap(({ properties, required }) => {
    const names = Array.isArray(required) ? required.map(String) : [];
    return names.filter((name) => 'default' in Object(Object(properties)[name])).map((name) => `${at} ${name}`);
  });
}

function fieldsOf(schema: unknown, at: string): [unknown, string][] {
  return everyObject(schema).flatMap(({ properties }) => {
    const fields = Object.entries(Object(properties));
    return fields.map(([name, field]): [unknown, string] => [field, `${at} ${name}`]);
  });
}

function everyObject(schema: unknown): Record<string, unknown>[] {
  if (Array.isArray(schema)) return schema.flatMap(everyObject);
  if (typeof schema !== 'object' || schema === null) return [];
  const inner = Object.values(schema).flatMap(everyObject);
  return 'properties' in schema && 'type' in schema ? [{ ...schema }, ...inner] : inner;
}
