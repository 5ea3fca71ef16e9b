import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

// In processes of their own: a hook stays for as long as its thread.
const root = mkdtempSync(join(tmpdir(), 'holdfast-lent-'));
after(() => rmSync(root, { recursive: true }));
const lent = fileURLToPath(import.meta.resolve('./lent-modules.ts'));

function write(files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
}

/** What a module in the folder `from` gets to see, when the agent lends what it has. */
function seen(from: string, script: string): string {
  write({ [`${from}/module.mjs`]: script });
  const program = `const { lendModules } = await import(${JSON.stringify(lent)});
lendModules();
lendModules();
await import(${JSON.stringify(join(root, from, 'module.mjs'))}).catch((error) => console.log(error.code));`;
  const args = ['--conditions=source', '--input-type=module', '-e', program];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  assert.equal(stderr, '');
  return stdout.trim();
}

test('a module without any package finds the contract and the schemas of the agent', () => {
  const script = `import { definePlugin } from 'holdfast/plugin'; import { openExtras } from 'holdfast/system';
import { Type } from 'typebox';
console.log(typeof definePlugin, typeof openExtras, Type.Object({}).type);`;
  assert.equal(seen('bare', script), 'function function object');
});

test('the contract is the agent’s, whatever lies beside the module; a typebox of its own comes first', () => {
  const manifest = (name: string) =>
    JSON.stringify({ name, type: 'module', exports: { '.': './a.js', './plugin': './a.js' } });
  write({
    'own/node_modules/holdfast/package.json': manifest('holdfast'),
    'own/node_modules/holdfast/a.js': "export const definePlugin = 'planted';",
    'own/node_modules/typebox/package.json': manifest('typebox'),
    'own/node_modules/typebox/a.js': "export const Type = 'of its own';",
  });
  const script = `import { definePlugin } from 'holdfast/plugin'; import { Type } from 'typebox';
console.log(typeof definePlugin, Type);`;
  assert.equal(seen('own', script), 'function of its own');
});

test('nothing else is lent: what a module needs beside that, it brings', () => {
  assert.equal(seen('yaml', "import 'yaml';"), 'ERR_MODULE_NOT_FOUND');
  assert.equal(seen('other', "import 'holdfast/conformance';"), 'ERR_MODULE_NOT_FOUND');
  write({ 'broken/node_modules/typebox/package.json': '{ "name": "typebox", "exports": {} }' });
  assert.equal(seen('broken', "import 'typebox';"), 'ERR_PACKAGE_PATH_NOT_EXPORTED');
});
