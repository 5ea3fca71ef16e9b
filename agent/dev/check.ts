/** `npm run check`: everything that can be said about the project without running it. All of it, also after a failure. */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkBoundaries, describeViolation } from './boundaries.ts';

const root = resolve(fileURLToPath(new URL('../../', import.meta.url)));

interface Step {
  readonly name: string;
  readonly holds: () => boolean;
}

function program(command: string, args: readonly string[]): boolean {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error !== undefined) process.stderr.write(`${command}: ${error.message}\n`);
  return status === 0;
}

const installed = (name: string) => join(root, 'node_modules/.bin', name);

function boundaries(): boolean {
  const { violations, files, arrows } = checkBoundaries(root);
  for (const violation of violations) process.stderr.write(`${describeViolation(violation)}\n`);
  process.stdout.write(`${violations.length} violations in ${files} files and ${arrows.length} imports\n`);
  return violations.length === 0 && arrows.length > 0;
}

const steps: readonly Step[] = [
  { name: 'format and lint', holds: () => program(installed('biome'), ['check', '--error-on-warnings', '.']) },
  { name: 'boundaries', holds: boundaries },
  { name: 'types', holds: () => program(installed('tsc'), ['-p', '.']) },
  {
    name: 'generated files',
    holds: () => program(process.execPath, ['--conditions=source', 'agent/dev/generate.ts', '--check']),
  },
];

const failed = steps.filter(({ name, holds }) => {
  process.stdout.write(`\n— ${name}\n`);
  return !holds();
});
for (const { name } of failed) process.stderr.write(`✖ ${name}\n`);
if (failed.length === 0) process.stdout.write(`\n✔ ${steps.map(({ name }) => name).join(', ')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
