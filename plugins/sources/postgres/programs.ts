import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Host } from 'holdfast/plugin';
import { endOf, type Program, type RunningProgram } from './program.ts';
import { environmentOf } from './program-environment.ts';
import { programFailed } from './program-failure.ts';
import { findPrograms } from './program-search.ts';
import type { Address } from './session.ts';

export interface ProgramsOptions {
  /** The version of the server that they speak with, as `server_version_num`: 150020 is 15.20; absent: with none. */
  readonly server?: number;
  /** Of what version, written the same way, the pg_dump was that wrote what they read. */
  readonly archives?: readonly number[];
  readonly address: Address;
  readonly host: Host;
  /** Where to look for them; absent: everywhere. */
  readonly folder?: string | undefined;
}

/** The official programs for definitions, of a version that fits the server. */
export class Programs {
  readonly version: string;
  readonly #folder: string;
  readonly #host: Host;
  readonly #environment: Readonly<Record<string, string | undefined>>;

  private constructor(
    version: string,
    folder: string,
    host: Host,
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    this.version = version;
    this.#folder = folder;
    this.#host = host;
    this.#environment = environment;
  }

  /** As {@link findPrograms} finds them. */
  static async find({ server, archives = [], address, host, folder }: ProgramsOptions): Promise<Programs> {
    const found = await findPrograms(Math.max(server ?? 0, ...archives), folder);
    return new Programs(found.version, found.folder, host, await environmentOf(address, host, server));
  }

  /** Starts one against a database. It is killed when the run is cancelled. */
  start(program: Program, args: readonly string[]): RunningProgram {
    this.#host.signal.throwIfAborted();
    const child = spawn(join(this.#folder, program), args, {
      env: this.#environment,
      stdio: ['pipe', 'pipe', 'pipe'],
      signal: this.#host.signal,
      killSignal: 'SIGTERM',
    });
    child.stdin.on('error', () => {}); // one that ends early says why with its status
    child.on('error', () => {}); // and one that could not be started, or was killed: `ended` says so
    return child;
  }

  /** What it wrote, when it ended well. `action` completes "cannot …". */
  async run(program: Program, args: readonly string[], action: string): Promise<Buffer> {
    const child = this.start(program, args);
    child.stdin.end();
    const parts: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    const said = await endOf(child);
    this.#host.signal.throwIfAborted();
    if (said !== undefined) programFailed(program, action, said);
    return Buffer.concat(parts);
  }
}
