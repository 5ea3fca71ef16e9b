import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quoteWord } from './invocation.ts';

const isPackaged = process.env['HOLDFAST_TEST_PACKAGED'] === '1';
const bin = fileURLToPath(new URL(isPackaged ? '../../dist/agent/cli/bin.js' : './bin.js', import.meta.url));
/** The words after `node`. As the package has it where all tests are run, which takes half as long to start; else from its sources. */
const PROGRAM = isPackaged ? [bin] : ['--conditions=source', bin];
const SOURCES = ['--conditions=source', fileURLToPath(new URL('./bin.js', import.meta.url))];
/** A command in words for a shell. */
export const COMMAND = [process.execPath, ...PROGRAM].map(quoteWord).join(' ');

export interface ChildOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly nodeArgs?: readonly string[];
  readonly input?: string | Uint8Array;
  /** Always from its sources, where each module is a file of its own. */
  readonly fromSources?: boolean;
}

export interface ChildResult {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Without a terminal, with HOME and state in `cwd`, and with nothing inherited, or left on this host, that could answer a question. */
export function holdfast(args: readonly string[], o: ChildOptions): ChildResult {
  const { command, options } = prepared(args, o);
  const result = spawnSync(process.execPath, command, {
    ...options,
    encoding: 'utf8',
    input: o.input ?? '',
    maxBuffer: 2 ** 28,
  });
  return { exit: result.status, stdout: result.stdout, stderr: result.stderr };
}

/** The same, left running: stdin stays open. */
export function startHoldfast(args: readonly string[], o: ChildOptions) {
  const { command, options } = prepared(args, o);
  return spawn(process.execPath, command, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
}

function prepared(args: readonly string[], { cwd, env, nodeArgs = [], fromSources = false }: ChildOptions) {
  return {
    command: [...nodeArgs, ...(fromSources ? SOURCES : PROGRAM), ...args],
    options: { cwd, env: { PATH: process.env['PATH'], HOME: cwd, HOLDFAST_STATE: join(cwd, '.state'), ...env } },
  };
}
