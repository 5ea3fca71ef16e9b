import { globSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** What others name: users, workers, and the registry of plugins. All else is in the parts that these share. */
const ENTRIES = [
  'agent/cli/main.js',
  'agent/workers/entry.js',
  'agent/contract/index.js',
  'agent/system/index.js',
  'conformance/index.js',
  'plugins/*/*/index.js',
];
/** At the depth of agent/cli and agent/workers: modules that name others by URL count folders from where they are. */
const PARTS = 'agent/parts';
/** Packages that most calls load, each of many modules or of some. Others are found where npm puts them. */
const INLINED = ['ajv', 'cborg', 'commander', 'croner', 'ignore', 'yaml'];
/** Of CommonJS that is inlined, what it requires of Node. */
const REQUIRE = `import { createRequire as createRequireOfPart } from 'node:module';
const require = createRequireOfPart(import.meta.url);`;
const LICENSES = 'THIRD-PARTY-LICENSES.txt';

/**
 * Makes few large modules of the many small ones in `dist`, with the packages that every call needs in them: to find, read and link a
 * module takes Node longer than to run it. What is imported late is loaded late as before.
 */
export async function bundle(dist: string): Promise<void> {
  const entryPoints = ENTRIES.flatMap((pattern) => globSync(pattern, { cwd: dist })).map((path) => join(dist, path));
  const { metafile } = await build({
    entryPoints,
    outdir: dist,
    outbase: dist,
    allowOverwrite: true,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    chunkNames: `${PARTS}/[name]-[hash]`,
    banner: { js: REQUIRE },
    metafile: true,
    absWorkingDir: join(dist, '..'),
    plugins: [others(dist)],
    logLevel: 'warning',
  });
  removeAllBut(dist, new Set(Object.keys(metafile.outputs)));
  writeFileSync(join(dist, LICENSES), licensesOf(join(dist, '..'), Object.keys(metafile.inputs)));
}

/** Leaves packages that are not inlined where they are, and finds the project's own by their files. */
function others(dist: string): Plugin {
  const own = { 'holdfast/plugin': 'agent/contract', 'holdfast/system': 'agent/system' };
  return {
    name: 'others',
    setup({ onResolve }) {
      for (const [name, folder] of Object.entries(own)) {
        onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path: join(dist, folder, 'index.js') }));
      }
      onResolve({ filter: /^[a-z@]/ }, ({ path, importer, kind }) => {
        const isInlined = importer.includes('/node_modules/') || INLINED.includes(path.split('/')[0] ?? '');
        return kind === 'entry-point' || isInlined ? undefined : { path, external: true };
      });
    },
  };
}

function removeAllBut(dist: string, kept: ReadonlySet<string>): void {
  for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const path = join(dist, name);
    if (name.endsWith('.js') && name !== 'agent/cli/bin.js' && !kept.has(relative(join(dist, '..'), path)))
      rmSync(path);
  }
}

/** The licenses of all packages that are inlined, those that they need included. */
function licensesOf(root: string, inputs: readonly string[]): string {
  const folders = new Set(inputs.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  return [...folders]
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
        name: string;
        version: string;
        license: string;
      };
      const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
      if (file === undefined) throw new Error(`${name} has no license in it that could go with it`);
      return `${name} ${version}, ${license}\n\n${readFileSync(join(root, folder, file), 'utf8').trim()}\n`;
    })
    .join(`\n${'-'.repeat(78)}\n\n`);
}
