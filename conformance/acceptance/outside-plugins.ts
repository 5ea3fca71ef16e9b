import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import type { Kind } from 'holdfast/plugin';
import { checkout } from './program.ts';

/** Makes a plugin below `folder` as somebody outside would: `npm run new-plugin`. */
export function newPlugin(kind: Kind, name: string, folder: string): void {
  const script = ['--conditions=source', 'agent/dev/run.js', 'agent/dev/new-plugin.ts'];
  const made = spawnSync(process.execPath, [...script, kind, name, '--into', folder], {
    cwd: checkout,
    encoding: 'utf8',
  });
  assert.equal(made.status, 0, made.stderr);
  // What it imports is for its author. On a host, the agent has that.
  rmSync(join(folder, name, 'node_modules'), { recursive: true });
}

/** Puts a plugin into node_modules of `folder` as a package of JavaScript, and nothing of what it imports: the agent has that. */
export function install(plugin: string, name: string, folder: string): void {
  const modules = join(folder, 'node_modules');
  const place = join(modules, name);
  mkdirSync(place, { recursive: true });
  for (const file of readdirSync(plugin).filter((one) => one.endsWith('.ts') && !/test|conformance/.test(one))) {
    const script = stripTypeScriptTypes(readFileSync(join(plugin, file), 'utf8'));
    writeFileSync(join(place, file.replace(/\.ts$/, '.js')), script.replaceAll(/(from '\.\/.*)\.ts'/g, "$1.js'"));
  }
  writeFileSync(join(place, 'package.json'), JSON.stringify({ name, type: 'module', exports: './index.js' }));
}
