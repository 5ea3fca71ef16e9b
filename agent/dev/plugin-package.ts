import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Kind } from '../contract/index.ts';

interface Manifest {
  readonly version: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** What makes a folder outside a package of its own, which finds the contract in the checkout at `root`, by file name. */
export function packageFiles(root: string, folder: string, plugin: { kind: Kind; name: string }): Map<string, string> {
  const { version, engines, dependencies, devDependencies } = read<Manifest>(join(root, 'package.json'));
  const { compilerOptions } = read<{ compilerOptions: object }>(join(root, 'tsconfig.json'));
  const versions = (from: Readonly<Record<string, string>>, ...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, from[name] ?? '*']));
  const manifest = {
    name: `holdfast-${plugin.kind}-${plugin.name}`,
    version: '0.1.0',
    type: 'module',
    exports: './dist/index.js',
    files: ['dist'],
    engines,
    scripts: {
      check: 'tsc -p .',
      test: 'node --conditions=source --test',
      prepack: 'tsc -p tsconfig.build.json',
    },
    dependencies: versions(dependencies, 'typebox'),
    // Optional, so that installing the plugin never fetches another package of this name.
    peerDependencies: { holdfast: `^${version}` },
    peerDependenciesMeta: { holdfast: { optional: true } },
    devDependencies: {
      ...versions(devDependencies, '@types/node'),
      holdfast: `file:${relative(folder, root)}`,
      ...versions(devDependencies, 'typescript'),
    },
  };
  const build = {
    extends: './tsconfig.json',
    compilerOptions: { noEmit: false, outDir: 'dist', declaration: true, customConditions: [] },
    exclude: ['dist', '**/*.test.ts', 'conformance.ts'],
  };
  return new Map([
    ['package.json', written(manifest)],
    ['tsconfig.json', written({ compilerOptions, include: ['*.ts'] })],
    ['tsconfig.build.json', written(build)],
    ['.gitignore', 'node_modules/\ndist/\n'],
  ]);
}

/** What plugins import, linked to what the checkout has, as `npm install` would: so that they run and are checked at once. */
export function linkPackages(root: string, folder: string): void {
  const links = {
    holdfast: root,
    typebox: join(root, 'node_modules/typebox'),
    '@types/node': join(root, 'node_modules/@types/node'),
  };
  for (const [name, target] of Object.entries(links)) {
    const link = join(folder, 'node_modules', name);
    if (existsSync(link)) continue;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(relative(dirname(link), target), link);
  }
}

function read<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

function written(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
