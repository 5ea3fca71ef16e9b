import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The command line in a process of its own, for tests: what a script sees of it. */
export const BIN = fileURLToPath(new URL('./bin.js', import.meta.url));

export interface ChildOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly nodeArgs?: readonly string[];
  readonly input?: string | Uint8Array;
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

function prepared(args: readonly string[], { cwd, env, nodeArgs = [] }: ChildOptions) {
  return {
    command: ['--conditions=source', ...nodeArgs, BIN, ...args],
    options: { cwd, env: { PATH: process.env['PATH'], HOME: cwd, HOLDFAST_STATE: join(cwd, '.state'), ...env } },
  };
}
