/** `npm run build`: dist/ as the package has it, bundled JavaScript with types, from the sources without tests and tools. */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.ts';
import { readReferences } from './references.ts';

const root = resolve(fileURLToPath(new URL('../../', import.meta.url)));
const dist = join(root, 'dist');
const bin = 'agent/cli/bin.js';

/** The compiler rewrites `./x.ts` in imports only: a path in a string needs its `.js` beside it, chosen when it runs. */
function pathsToSources(): string[] {
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.js'));
  return files
    .filter((path) => path !== bin)
    .flatMap((path) => {
      const { references } = readReferences(readFileSync(join(dist, path), 'utf8'));
      const named = new Set(references.map(({ specifier }) => specifier));
      return references
        .filter(({ specifier }) => specifier.endsWith('.ts') && !named.has(specifier.replace(/\.ts$/, '.js')))
        .map(({ specifier, line }) => `dist/${path}:${line} names '${specifier}', which is not in the package`);
    });
}

rmSync(dist, { recursive: true, force: true });
const compiled = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (compiled.error !== undefined) throw compiled.error;
if (compiled.status === 0) {
  mkdirSync(dirname(join(dist, bin)), { recursive: true });
  copyFileSync(join(root, bin), join(dist, bin));
  chmodSync(join(dist, bin), 0o755);
  const stray = pathsToSources();
  for (const path of stray) process.stderr.write(`${path}\n`);
  if (stray.length > 0) process.exitCode = 1;
  else await bundle(dist);
} else process.exitCode = 1;
