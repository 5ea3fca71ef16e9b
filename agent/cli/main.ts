import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { type Failure, failureOf } from '../contract/index.ts';
import { EXIT, exitOf } from './exit.ts';
import { createInvocation, type GlobalOptions } from './invocation.ts';
import { renderFailure } from './output/report.ts';
import { Terminal } from './output/terminal.ts';
import { type Action, describeProgram } from './program.ts';

const UNFORESEEN = 'UNFORESEEN';

/** Reads the command line of this process, carries it out, and resolves to the exit code. Never throws. */
export async function main(): Promise<number> {
  // Help is written by no Terminal: `holdfast --help | head` is no crash.
  process.stdout.on('error', leftUnread);
  const version = readVersion();
  const argv = process.argv.slice(2);
  const chosen = parse(argv, version);
  if (!('action' in chosen)) return chosen.failure ? refuse(chosen.failure, argv) : EXIT.ok;
  const { options, action } = chosen;
  const terminal = openTerminal({
    json: options.json === true,
    quiet: options.quiet === true,
    verbose: options.verbose === true,
    color: options.color !== false,
  });
  const interruption = listenForSignals(terminal);
  const invocation = createInvocation({
    terminal,
    options,
    env: process.env,
    home: homedir(),
    uid: process.getuid?.() ?? -1,
    cwd: process.cwd(),
    version,
    signal: interruption.signal,
  });
  try {
    const exit = await action(invocation);
    // A verb knows that it was interrupted, not by which signal.
    return exit === EXIT.interrupted ? (interruption.exit ?? exit) : exit;
  } catch (thrown) {
    if (interruption.exit !== undefined && interruption.signal.aborted) return interruption.exit;
    const failure = foreseen(thrown);
    show(terminal, failure);
    if (failure.code === UNFORESEEN && thrown instanceof Error) terminal.detail(thrown.stack ?? '');
    return exitOf(failure);
  } finally {
    terminal.clearProgress();
    interruption[Symbol.dispose]();
    endAnyway();
  }
}

function leftUnread(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

const LINGER_MS = 2000;

/**
 * Ends the process when all has been said and something still keeps it: a run that was cancelled leaves behind what does not
 * answer, such as a network mount whose server is gone.
 */
function endAnyway(): void {
  const end = () => {
    if (process.stdout.writableLength + process.stderr.writableLength > 0) endAnyway();
    else process.exit();
  };
  setTimeout(end, LINGER_MS).unref();
}

type Parsed = { options: GlobalOptions; action: Action } | { failure?: Failure };

function parse(argv: readonly string[], version: string): Parsed {
  let parsed: Parsed = {};
  const program = describeProgram(version, (options, action) => {
    parsed = { options, action };
  });
  try {
    program.parse(argv, { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode !== 0) return { failure: usageFailure(thrown) };
  }
  return parsed;
}

const HELP_HINT = 'holdfast --help names every verb, holdfast <verb> --help its options.';
const FIRST_STEPS = [
  'holdfast demo    tries it: backs up, verifies, restores and compares',
  'holdfast init    writes a policy, and makes what a first run needs',
  'holdfast --help  names every verb',
].join('\n');

/** `error: unknown option '--polcy'\n(Did you mean --policy?)`, taken apart. */
function usageFailure(error: CommanderError): Failure {
  const [first = '', suggestion] = error.message
    .replace(/^error: /, '')
    .replace(/^unknown command/, 'unknown verb')
    .split('\n');
  const help = error.code === 'commander.help';
  return {
    code: 'USAGE',
    message: help ? 'A verb is missing.' : `${first.charAt(0).toUpperCase()}${first.slice(1).replace(/\.$/, '')}.`,
    origin: 'agent',
    permanent: true,
    hint: help ? FIRST_STEPS : (suggestion?.replace(/^\((.*)\)$/, '$1') ?? HELP_HINT),
  };
}

function foreseen(thrown: unknown): Failure {
  const failure = failureOf(thrown, { code: UNFORESEEN, origin: 'agent' });
  if (failure.code !== UNFORESEEN) return failure;
  return {
    ...failure,
    permanent: true,
    hint: 'This is a mistake in Holdfast. --verbose shows where it happened; please report it.',
  };
}

function refuse(failure: Failure, argv: readonly string[]): number {
  const has = (flag: string) => argv.includes(flag);
  show(openTerminal({ json: has('--json'), quiet: false, verbose: false, color: !has('--no-color') }), failure);
  return exitOf(failure);
}

function show(terminal: Terminal, failure: Failure): void {
  terminal.error(renderFailure(failure, terminal.paint.message));
  if (terminal.options.json) terminal.json({ failure });
}

function openTerminal(options: Terminal['options']): Terminal {
  return new Terminal({ stdout: process.stdout, stderr: process.stderr, env: process.env, options });
}

interface Interruption extends Disposable {
  readonly signal: AbortSignal;
  /** 128 + the number of the signal, once it came. */
  readonly exit: number | undefined;
}

/** The first signal asks everything to stop and clean up; a second one does not wait for that. */
function listenForSignals(terminal: Terminal): Interruption {
  const controller = new AbortController();
  let exit: number | undefined;
  const on = (code: number, name: string) => () => {
    if (exit !== undefined) process.exit(exit);
    exit = code;
    terminal.warn(`${name}: stopping; nothing half-written will be visible. Once more ends at once.`);
    controller.abort();
  };
  const listeners = { SIGINT: on(130, 'Interrupted'), SIGTERM: on(143, 'Terminated') };
  process.on('SIGINT', listeners.SIGINT).on('SIGTERM', listeners.SIGTERM);
  return {
    signal: controller.signal,
    get exit() {
      return exit;
    },
    [Symbol.dispose]: () => process.off('SIGINT', listeners.SIGINT).off('SIGTERM', listeners.SIGTERM),
  };
}

function readVersion(): string {
  const text = readFileSync(fileURLToPath(import.meta.resolve('holdfast/package.json')), 'utf8');
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : '';
}
