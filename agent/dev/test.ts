/**
 * `npm test [-- --forbid-skips] [-- file or folder …]`: runs every test file of the project by node:test, via tsx.
 *
 * node:test counts an empty file as one pass and exits 0 for skipped tests, for failing `todo`s and for no tests at all.
 * So what ran is counted here: an empty file and a failing `todo` are failures, and under `CI=true` (or `--forbid-skips`) every
 * test that was skipped or is still to do is one too, by name.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = resolve(fileURLToPath(new URL('../../', import.meta.url)));
const testRoots = ['agent', 'plugins', 'conformance'];
const fileTimeoutMs = 20 * 60_000;

function findTests(): string[] {
  const found: string[] = [];
  for (const folder of testRoots.filter((folder) => existsSync(resolve(root, folder)))) {
    for (const entry of readdirSync(resolve(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.test.ts')) continue;
      const path = resolve(entry.parentPath, entry.name);
      if (!path.includes(`${sep}node_modules${sep}`)) found.push(path);
    }
  }
  return found.sort();
}

/** The test files that a file or folder named on the command line stands for, seen from where the user stands. */
function testsAt(name: string, all: readonly string[]): string[] {
  const path = resolve(process.env['INIT_CWD'] ?? process.cwd(), name);
  return all.filter((file) => file === path || file.startsWith(path + sep));
}

/** A developer's own settings must not decide what a test sees. Addresses of test servers (HOLDFAST_TEST_*) stay. */
function clearEnvironment(): void {
  for (const name of Object.keys(process.env)) {
    const ours = name.startsWith('HOLDFAST_') && !name.startsWith('HOLDFAST_TEST_');
    if (ours || name.startsWith('OTEL_') || name === 'TRACEPARENT' || name === 'NODE_TEST_CONTEXT') {
      delete process.env[name];
    }
  }
}

/**
 * Where programs that tests start keep what V8 made of their sources (half of the time of most calls is compiling). It goes with the
 * run; Node tells by their content whether sources are still the same.
 */
function keepCompiled(): void {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-compiled-'));
  process.env['HOLDFAST_TEST_COMPILED'] = folder;
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
}

/**
 * The program that tests start is the one that is packaged, where there are many of them: it is what users run, and starts in half the
 * time. Single files start it from its sources, as they are at that moment.
 */
function packageProgram(): boolean {
  const { status } = spawnSync(process.execPath, [resolve(root, 'agent/dev/run.js'), 'agent/dev/build.ts'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  process.env['HOLDFAST_TEST_PACKAGED'] = '1';
  return status === 0;
}

/** What to look at first when the tests take too long. */
function tellSlowest(seconds: ReadonlyMap<string, number>): void {
  const slowest = [...seconds].sort(([, a], [, b]) => b - a).slice(0, 20);
  if (seconds.size < 20) return;
  process.stdout.write('the longest files, in seconds:\n');
  for (const [file, took] of slowest) process.stdout.write(`${took.toFixed(0).padStart(6)}  ${relative(root, file)}\n`);
}

async function runTests(files: readonly string[], forbidSkips: boolean): Promise<string[]> {
  const problems: string[] = [];
  const withTests = new Set<string>();
  const seconds = new Map<string, number>();
  const tests = run({
    files,
    // Most tests start processes and wait for them a good part of their time: one more keeps all processors at work.
    concurrency: availableParallelism() + 1,
    timeout: fileTimeoutMs,
    execArgv: [
      '--conditions=source',
      ...['tsx', './quick-threads.ts'].flatMap((module) => ['--import', import.meta.resolve(module)]),
    ],
  });
  const note = (kind: string, test: { name: string; file?: string | undefined }) =>
    problems.push(`${kind}: ${test.name} (${relative(root, test.file ?? root)})`);
  tests.on('test:pass', (test) => {
    if (forbidSkips && test.skip !== undefined) note('skipped', test);
    else if (forbidSkips && test.todo !== undefined) note('still to do', test);
  });
  tests.on('test:fail', (test) => note(test.todo === undefined ? 'failed' : 'to do, and failing', test));
  tests.on('test:summary', (summary) => {
    if (summary.file === undefined) return;
    seconds.set(summary.file, summary.duration_ms / 1000);
    if (summary.counts.tests > 0) withTests.add(summary.file);
  });
  for await (const text of tests.compose(spec())) process.stdout.write(text);
  tellSlowest(seconds);
  for (const file of files.filter((file) => !withTests.has(file))) {
    problems.push(`no tests, or none that ended: ${relative(root, file)}`);
  }
  return problems;
}

async function main(): Promise<string[]> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'forbid-skips': { type: 'boolean' } },
  });
  const all = findTests();
  const missing = positionals.filter((name) => testsAt(name, all).length === 0);
  if (all.length === 0 || missing.length > 0) return [`no test files at ${missing.join(', ') || testRoots.join(', ')}`];
  const chosen = positionals.length === 0 ? all : positionals.flatMap((name) => testsAt(name, all));
  const forbidSkips = values['forbid-skips'] === true || process.env['CI'] === 'true';
  clearEnvironment();
  keepCompiled();
  const isBuilt = existsSync(resolve(root, 'agent/dev/build.ts'));
  const isSingle = positionals.length > 0 && positionals.every((name) => name.endsWith('.test.ts'));
  if (isBuilt && !isSingle && !packageProgram()) return ['the program cannot be packaged: npm run build'];
  return runTests([...new Set(chosen)], forbidSkips);
}

const problems = await main();
for (const problem of problems) process.stderr.write(`✖ ${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
