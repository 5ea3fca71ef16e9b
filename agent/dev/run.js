#!/usr/bin/env node
// `node agent/dev/run.js agent/dev/<script>.ts [argument …]`: runs one of the project's own TypeScript scripts, after
// saying in words when Node is too old for it. Plain JavaScript, so that an old Node gets far enough to say so.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

function stop(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

const wanted = Number.parseInt(
  JSON.parse(readFileSync(`${root}package.json`, 'utf8')).engines.node.replace('>=', ''),
  10,
);
if (Number.parseInt(process.versions.node, 10) < wanted) {
  stop(
    `Holdfast needs Node ${wanted} or newer; this is Node ${process.versions.node}.\n` +
      'npm ci brings a fitting Node into node_modules/ by an install script. Where scripts are switched off\n' +
      `(--ignore-scripts), run: npm rebuild node    or install Node ${wanted} yourself.`,
  );
}
if (!existsSync(`${root}node_modules`)) stop('The dependencies are not installed. Run: npm ci');

const [script, ...rest] = process.argv.slice(2);
if (script === undefined) stop('usage: node agent/dev/run.js <script.ts> [argument …]');
process.argv.splice(1, process.argv.length - 1, resolve(script), ...rest);
await import(pathToFileURL(script).href);
