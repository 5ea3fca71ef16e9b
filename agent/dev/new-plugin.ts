/**
 * `npm run new-plugin -- <kind> <name> [--into folder]`: makes a plugin to begin with, that passes its suite as it stands. Below
 * `folder` it becomes a package of its own; without one, it is made among the plugins that come with the agent.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { KINDS } from '../config/registry.ts';
import type { Kind } from '../contract/index.ts';
import { linkPackages, packageFiles } from './plugin-package.ts';
import { PLUGIN_NAME, templateOf } from './plugin-template.ts';

const root = realpathSync(fileURLToPath(new URL('../../', import.meta.url)));
const USAGE = `usage: npm run new-plugin -- <kind> <name> [--into folder]
  kind: ${KINDS.join(', ')}
`;

interface Asked {
  readonly kind: Kind;
  readonly name: string;
  /** Absolute; without it, among the plugins of this checkout. */
  readonly into?: string;
}

/** Makes the plugin, and returns its folder. Nothing is overwritten: a folder that is there is refused. */
function make({ kind, name, into }: Asked): string {
  const folder = into === undefined ? join(root, 'plugins', `${kind}s`, name) : join(into, name);
  if (existsSync(folder)) throw new Error(`${folder} is there already`);
  mkdirSync(folder, { recursive: true });
  // Links and relative paths lead from where the folder really lies.
  const place = realpathSync(folder);
  const files = templateOf(join(root, 'conformance/examples'), { kind, name, builtin: into === undefined });
  if (into !== undefined) for (const [file, text] of packageFiles(root, place, { kind, name })) files.set(file, text);
  for (const [file, text] of files) {
    mkdirSync(dirname(join(place, file)), { recursive: true });
    writeFileSync(join(place, file), text);
  }
  if (into === undefined) tidy(place);
  else linkPackages(root, place);
  return folder;
}

/** Another name stands elsewhere in the order of imports, and makes other lines too long. */
function tidy(folder: string): void {
  const { status, error } = spawnSync(join(root, 'node_modules/.bin/biome'), ['check', '--write', folder], {
    cwd: root,
  });
  if (status !== 0) throw new Error(`${folder} is made, but not tidied: ${error?.message ?? 'see npm run check'}`);
}

function next(folder: string, { kind, name, into }: Asked, cwd: string): string {
  const shown = relative(cwd, folder) || '.';
  const from = shown.startsWith('.') ? shown : `./${shown}`;
  const steps =
    into === undefined
      ? [
          `one line in agent/cli/builtin.ts: import it, and list '${kind}s/${name}'`,
          'npm run generate',
          `npm test -- ${shown}`,
        ]
      : [
          `npm run conformance -- ${from}`,
          `npx tsc -p ${from}`,
          `npx node --conditions=source --test "${from}/*.test.ts"`,
          `and in a policy: plugins: [<path of ${name} from there>/index.ts]`,
        ];
  return `${shown}: ${kind} "${name}"\n\nNext:\n${steps.map((step) => `  ${step}\n`).join('')}`;
}

/** What the command line asks for, or why it cannot be made. */
function read(args: readonly string[], cwd: string): Asked | string {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { into: { type: 'string' } },
  });
  const [kind, name = '', ...more] = positionals;
  const known = KINDS.find((one) => one === kind);
  // Without `--` before it, npm takes the option for one of its own: it hands on the folder, and the option like this.
  const swallowed = process.env['npm_config_into'];
  const into = values.into ?? (swallowed === 'true' ? more.shift() : swallowed);
  if (known === undefined || more.length > 0) return USAGE;
  if (!PLUGIN_NAME.test(name))
    return `${JSON.stringify(name)} is no name for a plugin: a-z, 0-9 and "-", a letter first\n`;
  return { kind: known, name, ...(into === undefined ? {} : { into: resolve(cwd, into) }) };
}

function main(args: readonly string[]): number {
  const cwd = process.env['INIT_CWD'] ?? process.cwd();
  try {
    const asked = read(args, cwd);
    if (typeof asked !== 'string') {
      process.stdout.write(next(make(asked), asked, cwd));
      return 0;
    }
    process.stderr.write(asked);
  } catch (error) {
    process.stderr.write(`✖ ${error instanceof Error ? error.message : String(error)}\n`);
  }
  return 1;
}

process.exitCode = main(process.argv.slice(2));
