#!/usr/bin/env node
// Plain JavaScript on purpose: this file must still load where Node is too old for the rest, so that it can say so.
import { existsSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

const NEEDED = 24;
const source = new URL('./main.ts', import.meta.url);
const inCheckout = existsSync(source);
const found = process.versions.node;

if (Number(found.split('.')[0]) < NEEDED) stop(tooOld());
else if (inCheckout && !existsSync(new URL('../../node_modules/commander', import.meta.url))) {
  stop('The dependencies of this checkout are not installed.\n\n  npm ci\n');
} else {
  prepare();
  const { main } = await import(inCheckout ? source.href : new URL('./main.js', import.meta.url).href);
  process.exitCode = await main();
}

function stop(message) {
  process.stderr.write(message);
  process.exitCode = 1;
}

function prepare() {
  // libuv reads this once, when its first file operation starts. Its default of 4 starves a walk and restores alike.
  process.env.UV_THREADPOOL_SIZE ??= '16';
  // What this thread makes is short-lived or large: a young generation of 16 MiB and more only adds to resident memory.
  for (const flag of ['--semi-space-growth-factor=1', '--max-semi-space-size=4']) setFlagsFromString(flag);
  // Of itself V8 lets a heap of 50 MiB grow to 170 before it looks at it: a restore of 30,000 files then takes 110 MiB more, no sooner.
  setFlagsFromString('--heap-growing-percent=75');
  if (!inCheckout) return;
  useSources();
  // npm runs scripts in the root of the package; a person means paths from where they stand.
  if (process.env.npm_package_name === 'holdfast' && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
}

/** In a checkout `holdfast/plugin` must mean the sources, here and in every worker thread: a condition of the process. */
function useSources() {
  if (process.execArgv.includes('--conditions=source') || /--conditions=source/.test(process.env.NODE_OPTIONS ?? ''))
    return;
  const { execPath, execArgv, argv, env } = process;
  process.execve(execPath, [execPath, '--conditions=source', ...execArgv, ...argv.slice(1)], env);
}

function tooOld() {
  const here = `Holdfast needs Node ${NEEDED} or newer; this is Node ${found} (${process.execPath}).\n`;
  if (!inCheckout) return `${here}\n  npx node@26 ${process.argv[1]} …   runs it with a newer one\n`;
  return `${here}
  npm ci            brings Node 26 into node_modules/ by an install script; npm start and npm test then use it
  npm rebuild node  does so afterwards, where scripts were ignored (--ignore-scripts, or ignore-scripts in an .npmrc;
                    npm 12 runs only those that "allowScripts" in package.json names: "node" is among them)
  https://nodejs.org/en/download has newer ones for the whole machine
`;
}
