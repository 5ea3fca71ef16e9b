import assert from 'node:assert/strict';
import { test } from 'node:test';
import { definePlugin, type Plugin, Type } from '../contract/index.ts';
import { PluginRegistry } from './registry.ts';

const codec = (name: string, options: Plugin['options'] = Type.Object({})) => {
  return definePlugin({
    kind: 'codec',
    name,
    api: 1,
    version: '1.0.0',
    stability: 'stable',
    summary: 'Nothing.',
    id: 200,
    options,
    create: () => ({ encode: (frame) => frame, decode: (frame) => frame }),
  });
};
const registry = (...plugins: Plugin[]) => {
  return new PluginRegistry(plugins.map((plugin) => ({ plugin, module: `file:///${plugin.name}.ts` })));
};

test('plugins are found by kind and name', () => {
  const [a, b] = [codec('a'), codec('b')];
  const both = registry(b, a);
  assert.equal(both.get('codec', 'a'), a);
  assert.equal(both.get('chunker', 'a'), undefined);
  assert.equal(both.get('codec', '__proto__'), undefined);
  assert.deepEqual(both.names('codec'), ['a', 'b']);
  assert.deepEqual(both.names('source'), []);
  assert.equal(both.module('codec', 'b'), 'file:///b.ts');
  assert.throws(() => both.module('codec', 'c'), /no codec plugin named c/);
});

test('what cannot be told apart or written in a policy is refused', () => {
  assert.throws(() => registry(codec('a'), codec('a')), /two codec plugins named a/);
  assert.throws(() => registry(codec('A b')), /must have a name/);
  assert.throws(() => registry(codec('a', Type.String())), /must have options that are an object/);
  assert.throws(
    () => registry(codec('a', Type.Object({ algorithm: Type.String() }))),
    /"algorithm", which is the agent's/,
  );
});
