import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import type { Kind } from '../contract/index.ts';
import { builtinPlugins } from './builtin.ts';

const FOLDERS: Readonly<Record<string, Kind>> = {
  sources: 'source',
  targets: 'target',
  chunkers: 'chunker',
  codecs: 'codec',
  notifiers: 'notifier',
  checks: 'check',
};

test('every folder below plugins/ is built in under its own name, and nothing else is', async () => {
  const registry = builtinPlugins();
  const root = new URL('../../plugins/', import.meta.url);
  for (const group of await readdir(root, { withFileTypes: true })) {
    if (!group.isDirectory()) continue;
    const kind = FOLDERS[group.name];
    assert.ok(kind, `plugins/${group.name} is no kind of plugin`);
    const folders = await readdir(new URL(`${group.name}/`, root), { withFileTypes: true });
    const names = folders.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    assert.deepEqual(registry.names(kind), names.sort());
  }
  for (const kind of Object.values(FOLDERS)) {
    for (const name of registry.names(kind)) {
      const module: unknown = await import(registry.module(kind, name));
      assert.ok(typeof module === 'object' && module !== null && 'plugin' in module);
      assert.equal(module.plugin, registry.get(kind, name));
    }
  }
});
