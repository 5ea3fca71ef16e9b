import assert from 'node:assert/strict';
import type { Json, Plugin } from 'holdfast/plugin';
import type { ConformanceCheck } from './suite.ts';

/** What every plugin owes the person who reads or writes a policy, whatever its kind. Each suite begins with it. */
export const describedCheck: ConformanceCheck<{ readonly plugin: Plugin }> = {
  name: 'describes itself',
  holds:
    'The name is [a-z0-9-], the api 1, there are a version and a summary, and the options are a schema that refuses unknown keys and describes every field. What a source masks by stands in its option masks, and what a job may select of it in a schema of its own.',
  async run({ plugin }) {
    assert.match(plugin.name, /^[a-z0-9]+(-[a-z0-9]+)*$/, 'the name');
    assert.equal(plugin.api, 1, 'the api');
    assert.match(plugin.version, /^\d+\.\d+\.\d+/, 'the version');
    assert.match(plugin.summary, /^\S.*\.$/, 'the summary: a sentence');
    const schema: Json = JSON.parse(JSON.stringify(plugin.options));
    assert.ok(isObject(schema) && schema['type'] === 'object', 'the options: an object schema');
    described(schema, 'options');
    if (plugin.kind === 'source' && plugin.can.includes('mask'))
      assert.ok(
        isObject(schema['properties']) && isObject(schema['properties']['masks']),
        'a source that can mask: no option masks',
      );
    if (plugin.kind === 'source') {
      const select: Json = JSON.parse(JSON.stringify(plugin.select ?? null));
      assert.equal(
        isObject(select),
        plugin.can.includes('select'),
        'a source that can select, and no other, has a schema for it',
      );
      if (isObject(select)) described(select, 'select');
    }
    return undefined;
  },
};

function described(schema: { readonly [key: string]: Json }, at: string): void {
  const properties = schema['properties'];
  if (!isObject(properties)) return;
  assert.equal(schema['additionalProperties'], false, `${at}: additionalProperties must be false`);
  for (const [key, property] of Object.entries(properties)) {
    assert.ok(isObject(property), `${at}.${key}: a schema`);
    assert.ok(typeof property['description'] === 'string', `${at}.${key}: has no description`);
    described(property, `${at}.${key}`);
  }
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
