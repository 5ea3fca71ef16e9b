import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Command, CommanderError } from 'commander';
import { type Failure, failureOf } from '../contract/index.ts';
import { advised } from './advice.ts';
import { EXIT, EXIT_MEANINGS, type Exit, exitOf } from './exit.ts';
import { createInvocation, type GlobalOptions } from './invocation.ts';
import { renderFailure } from './output/report.ts';
import { Terminal, type TerminalOptions } from './output/terminal.ts';
import { type Action, describeProgram } from './program.ts';

const UNFORESEEN = 'UNFORESEEN';
/** For programs; whoever pressed Ctrl-C was told when they did. */
const INTERRUPTED: Failure = { code: 'CANCELLED', message: 'It was interrupted.', origin: 'agent', permanent: false };

/** Reads the command line of this process, carries it out, and resolves to the exit code. Never throws. */
export async function main(): Promise<number> {
  const version = readVersion();
  const argv = process.argv.slice(2);
  const parsed = parse(argv, version);
  if (parsed.kind === 'shown') return showText(parsed.text, argv);
  if (parsed.kind === 'refused') return refuse(parsed, argv);
  const { options, action } = parsed;
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
    terminal.detail(`holdfast ${version}, state folder ${invocation.stateFolder}`);
    const exit = await action(invocation);
    tellExit(terminal, exit);
    // A verb knows that it was interrupted, not by which signal.
    return exit === EXIT.interrupted ? (interruption.exit ?? exit) : exit;
  } catch (thrown) {
    const failure = interruption.signal.aborted ? INTERRUPTED : foreseen(thrown);
    if (failure === INTERRUPTED) sayInJson(terminal, failure);
    else show(terminal, failure);
    if (failure.code === UNFORESEEN && thrown instanceof Error) terminal.detail(thrown.stack ?? '');
    tellExit(terminal, exitOf(failure));
    return interruption.signal.aborted ? (interruption.exit ?? EXIT.interrupted) : exitOf(failure);
  } finally {
    terminal.clearProgress();
    interruption.over();
    endAnyway();
  }
}

const LINGER_MS = 2000;

/**
 * Ends the process when all has been said and something still keeps it: a run that was cancelled leaves behind what does not
 * answer, such as a network mount whose server is gone.
 */
function endAnyway(): void {
  const end = () => {
    if (hasUnread()) endAnyway();
    else process.exit();
  };
  setTimeout(end, LINGER_MS).unref();
}

function hasUnread(): boolean {
  return process.stdout.writableLength + process.stderr.writableLength > 0;
}

type Parsed =
  | { readonly kind: 'verb'; readonly options: GlobalOptions; readonly action: Action }
  | { readonly kind: 'shown'; readonly text: string }
  | { readonly kind: 'refused'; readonly error: CommanderError; readonly program: Command };

function parse(argv: readonly string[], version: string): Parsed {
  let chosen: Parsed | undefined;
  let text = '';
  const program = describeProgram(
    version,
    (options, action) => {
      chosen = { kind: 'verb', options, action };
    },
    (said) => {
      text += said;
    },
  );
  try {
    program.parse(argv, { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode !== 0) return { kind: 'refused', error: thrown, program };
  }
  return chosen ?? { kind: 'shown', text };
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

/** Help and the version: as they are, or in the one document that `--json` promises. */
function showText(text: string, argv: readonly string[]): number {
  const terminal = openTerminal(plainOptions(argv));
  const isVersion = /^\S+\n$/.test(text);
  if (terminal.options.json) terminal.json(isVersion ? { version: text.trim() } : { help: text });
  else terminal.data(text);
  return EXIT.ok;
}

async function refuse(
  { error, program }: { readonly error: CommanderError; readonly program: Command },
  argv: readonly string[],
): Promise<number> {
  const { usageFailure } = await import('./usage-failure.ts');
  show(openTerminal(plainOptions(argv)), usageFailure(error, program, argv));
  return EXIT.usage;
}

/** Where no verb was understood: what can be told from the words alone. */
function plainOptions(argv: readonly string[]): TerminalOptions {
  const has = (flag: string) => argv.includes(flag);
  return { json: has('--json'), quiet: false, verbose: false, color: !has('--no-color') };
}

function show(terminal: Terminal, failure: Failure): void {
  terminal.error(renderFailure(failure, terminal.paint.message));
  sayInJson(terminal, failure);
}

/** Unless there was a document already: a program reads one, and the exit code tells the rest. */
function sayInJson(terminal: Terminal, failure: Failure): void {
  if (terminal.options.json && !terminal.hasData) terminal.json({ failure: advised(failure) });
}

function tellExit(terminal: Terminal, exit: Exit): void {
  terminal.detail(`exit code ${exit}: ${EXIT_MEANINGS[exit].brief}`);
}

function openTerminal(options: TerminalOptions): Terminal {
  return new Terminal({ stdout: process.stdout, stderr: process.stderr, env: process.env, options });
}

interface Interruption {
  readonly signal: AbortSignal;
  /** 128 + the number of the signal, once it came. */
  readonly exit: number | undefined;
  /** From now on there is nothing to stop: what was done is done, and ends with the exit code that says so. */
  over(): void;
}

/** The first signal asks everything to stop and clean up; a second one does not wait for that. */
function listenForSignals(terminal: Terminal): Interruption {
  const controller = new AbortController();
  let exit: number | undefined;
  let over = false;
  const on = (code: number, name: string) => () => {
    // What nobody reads would keep the process as long as it likes.
    if (over && !hasUnread()) return;
    if (over) process.exit(code);
    if (exit !== undefined) process.exit(exit);
    exit = code;
    terminal.warn(`${name}: stopping; nothing half-written will be visible. Once more ends at once.`);
    controller.abort();
  };
  process.on('SIGINT', on(130, 'Interrupted')).on('SIGTERM', on(143, 'Terminated'));
  return {
    signal: controller.signal,
    get exit() {
      return exit;
    },
    over: () => {
      over = true;
      // Node takes its listeners away before it tears itself down; a signal in between would end a good run as a killed one.
      process.once('exit', () => process.exit());
    },
  };
}

function readVersion(): string {
  const text = readFileSync(fileURLToPath(import.meta.resolve('holdfast/package.json')), 'utf8');
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : '';
}
