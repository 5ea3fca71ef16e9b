import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Host } from 'holdfast/plugin';
import { endOf, type Program, type RunningProgram } from './program.ts';
import { environmentOf } from './program-environment.ts';
import { programFailed } from './program-failure.ts';
import { findPrograms } from './program-search.ts';
import type { Address } from './session.ts';

const MAY_WRITE = '-c default_transaction_read_only=off -c statement_timeout=0';

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
  static async find(serverVersion: number, address: Address, host: Host, folder?: string): Promise<Programs> {
    const found = await findPrograms(serverVersion, folder);
    return new Programs(found.version, found.folder, host, await environmentOf(address, host));
  }

  /** Starts one against a database. It is killed when the run is cancelled. */
  start(program: Program, args: readonly string[]): RunningProgram {
    this.#host.signal.throwIfAborted();
    const child = spawn(join(this.#folder, program), args, {
      // A database or role may be set so that nothing could be made in it; pg_dump sees to this itself.
      env: program === 'pg_restore' ? { ...this.#environment, PGOPTIONS: MAY_WRITE } : this.#environment,
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
