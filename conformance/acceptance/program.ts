import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { programOf } from '../benchmark/program.ts';

/** The words after `node`: as the package has it where all tests are run, which takes half as long to start; else from its sources. */
export const PROGRAM = programOf(process.env['HOLDFAST_TEST_PACKAGED'] === '1');

/** A line of a shell script that runs it with the arguments of the script. */
export const PROGRAM_LINE = `exec ${[process.execPath, ...PROGRAM].map((word) => `'${word}'`).join(' ')} "$@"`;

export const checkout = fileURLToPath(new URL('../../', import.meta.url));

export interface Call {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What comes in on stdin; without it, stdin is at its end at once. */
  readonly input?: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly nodeArgs?: readonly string[];
  /** A command that runs the rest of its arguments in its place: `setpriv`. */
  readonly through?: readonly string[];
  /** Where the program says how much memory it took at most. */
  readonly peakFile?: string;
  /** In a process group of its own, which a signal reaches as a whole: the program, and what it started. */
  readonly group?: boolean;
}

/** How a child ended, and what it said. */
export interface Ended {
  readonly command: string;
  readonly exit: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  /** The most that was resident; NaN unless it was asked for. */
  readonly peakBytes: number;
}

const compiled = process.env['HOLDFAST_TEST_COMPILED'];
const running = new Set<Child>();
process.on('exit', () => {
  for (const child of running) child.signal('SIGKILL');
});

/** The program in a process of its own. */
export class Child {
  readonly process: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  readonly #group: boolean;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], call: Call) {
    const { cwd, env, nodeArgs = [], through = [], peakFile, group = false } = call;
    this.#group = group;
    const measured = peakFile === undefined ? [] : ['--import', import.meta.resolve('./peak-memory.ts')];
    const words = [...through, process.execPath, ...measured, ...nodeArgs, ...PROGRAM, ...args];
    const [command = '', ...rest] = words;
    const started = performance.now();
    this.process = spawn(command, rest, {
      cwd,
      detached: group,
      // Nothing is inherited that could answer a question or change what is sent where.
      env: {
        PATH: process.env['PATH'],
        HOME: cwd,
        // What was compiled once is not compiled again: half of the time of most calls.
        ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled }),
        ...(peakFile === undefined ? {} : { HOLDFAST_TEST_PEAK: peakFile }),
        ...env,
      },
    });
    running.add(this);
    this.process.stdout.setEncoding('utf8').on('data', (text) => {
      this.stdout += text;
    });
    this.process.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    this.ended = this.#end(args.join(' '), started, peakFile);
    if (call.input === undefined) this.process.stdin.on('error', () => {}).end();
    // A child that stops reading, or is killed, closes the pipe.
    else void pipeline(call.input, this.process.stdin).catch(() => {});
  }

  /** Kills it, unless it has ended. */
  async kill(): Promise<Ended> {
    this.signal('SIGKILL');
    return this.ended;
  }

  /** Sends it a signal, unless it has ended; to its whole group, when it has one. */
  signal(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.process;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    // Until its end has been seen here, its number is not given to another.
    if (this.#group) process.kill(-pid, signal);
    else this.process.kill(signal);
  }

  async #end(command: string, started: number, peakFile: string | undefined): Promise<Ended> {
    try {
      await once(this.process, 'close');
      const { exitCode: exit, signalCode: signal } = this.process;
      const peakBytes = peakFile === undefined || signal !== null ? Number.NaN : Number(readFileSync(peakFile, 'utf8'));
      const { stdout, stderr } = this;
      return { command, exit, signal, stdout, stderr, seconds: (performance.now() - started) / 1000, peakBytes };
    } finally {
      running.delete(this);
      if (peakFile !== undefined) rmSync(peakFile, { force: true });
    }
  }
}

/** Holds when the program ended with `exit`; says what it said when not. */
export function assertExit(ended: Ended, exit: number): void {
  const { command, signal, stdout, stderr } = ended;
  assert.equal(
    ended.exit,
    exit,
    `holdfast ${command} ended with ${ended.exit ?? signal}, not ${exit}:\n${stderr.slice(-4000)}\n${stdout.slice(-2000)}`,
  );
}

/** The one JSON document on stdout. Fails when there is anything beside it. */
export function documentOf<T>({ stdout, command }: Ended): T {
  try {
    return JSON.parse(stdout) as T;
  } catch (error) {
    throw new Error(`holdfast ${command} wrote no JSON document:\n${stdout.slice(0, 2000)}`, { cause: error });
  }
}

/** Waits until `holds`, looking again and again; fails when the child ends first. */
export async function until(child: Child, holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) {
    const { exitCode, signalCode } = child.process;
    assert.ok(
      exitCode === null && signalCode === null,
      `it ended (${exitCode ?? signalCode}) before:\n${child.stderr}`,
    );
    await setTimeout(2);
  }
}
