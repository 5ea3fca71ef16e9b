import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Terminal } from './output/terminal.ts';
import { stateFolder } from './state.ts';

/** The options that every verb takes, before or after its name. */
export interface GlobalOptions {
  readonly policy?: string;
  readonly state?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  /** commander's name for `--no-color`: false when it was given. */
  readonly color?: boolean;
}

/** What a verb is given: where it was called, how it speaks, and when to stop. */
export interface Invocation {
  readonly terminal: Terminal;
  readonly policy: string | undefined;
  readonly stateFolder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  readonly uid: number;
  readonly cwd: string;
  readonly version: string;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  now(): Date;
  /** How the program is called where this was typed: `npm run -s holdfast --`. */
  readonly program: string;
  /** `arguments_` as a command that works where this one was typed: `npm run -s holdfast -- ls files --state x`. */
  command(arguments_: string): string;
}

interface Surroundings {
  readonly terminal: Terminal;
  readonly options: GlobalOptions;
  readonly env: NodeJS.ProcessEnv;
  readonly home: string;
  readonly uid: number;
  readonly cwd: string;
  readonly version: string;
  readonly signal: AbortSignal;
}

export function createInvocation({ options, ...surroundings }: Surroundings): Invocation {
  const { env, home, uid, cwd } = surroundings;
  const program = commandPrefix(env, cwd);
  const named = (flag: string, value: string | undefined) =>
    value === undefined ? '' : ` ${flag} ${quoteWord(value)}`;
  const given = named('--policy', options.policy) + named('--state', options.state);
  return {
    ...surroundings,
    policy: options.policy,
    stateFolder: stateFolder({ option: options.state, env, uid, home, cwd }),
    now: () => new Date(),
    program,
    command: (arguments_) => `${program} ${arguments_}${given}`,
  };
}

/** `word` as a shell takes it back: as it is where that is safe, in single quotes elsewhere. */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function commandPrefix(env: NodeJS.ProcessEnv, cwd: string): string {
  if (!import.meta.url.endsWith('.ts')) return env['npm_lifecycle_event'] === 'npx' ? 'npx holdfast' : 'holdfast';
  const checkout = fileURLToPath(new URL('../../', import.meta.url));
  const outside = path.relative(checkout, cwd).startsWith('..');
  return outside
    ? `npm --prefix ${quoteWord(checkout.replace(/\/$/, ''))} run -s holdfast --`
    : 'npm run -s holdfast --';
}
