import type {
  BackupRequest,
  Host,
  Json,
  OptionDoubt,
  Plan,
  Reader,
  Restored,
  RestoreRequest,
  Sink,
  Source,
  Verdict,
} from 'holdfast/plugin';
import { asking } from './failure.ts';
import { optionDoubts } from './option-doubts.ts';
import type { PostgresOptions } from './options.ts';
import { findPrograms } from './program-search.ts';
import { Programs } from './programs.ts';
import { findDatabases, serverFacts } from './server.ts';
import { captureServer } from './server-capture.ts';
import { planServerRestore, restoreServer } from './server-restore.ts';
import { addressOf, Session } from './session.ts';

/** The databases of one PostgreSQL server, logically. See README.md for what is kept, and what a restore does. */
export class PostgresSource implements Source {
  readonly #options: PostgresOptions;
  readonly #host: Host;

  constructor(options: PostgresOptions, host: Host) {
    this.#options = options;
    this.#host = host;
  }

  async probe(): Promise<Json> {
    const address = addressOf(this.#options.connection);
    // A folder that the policy names is looked into also where nobody answers.
    if (this.#options.programs !== undefined) await findPrograms(0, this.#options.programs);
    await using session = await Session.open(address, this.#host);
    const facts = await serverFacts(session);
    const { databases, idle } = await findDatabases(session, this.#options.databases, undefined);
    const programs = await Programs.find({
      server: facts.version,
      address,
      host: this.#host,
      folder: this.#options.programs,
    });
    return {
      version: facts.versionText,
      standby: facts.standby,
      databases: databases.map(({ name, bytes }) => ({ name, bytes })),
      missing: idle,
      pg_dump: programs.version,
    };
  }

  doubts(): Promise<readonly OptionDoubt[]> {
    return optionDoubts(this.#options, this.#host);
  }

  backup(request: BackupRequest, out: Sink): Promise<Verdict> {
    return asking('back up the server', () =>
      captureServer({ options: this.#options, host: this.#host, request }, out),
    );
  }

  plan(request: RestoreRequest, from: Reader): Promise<Plan> {
    return asking('plan the restore', () =>
      planServerRestore({ options: this.#options, host: this.#host, request, from }),
    );
  }

  restore(plan: Plan, request: RestoreRequest, from: Reader): Promise<Restored> {
    return asking('restore', () => restoreServer({ options: this.#options, host: this.#host, request, from }, plan));
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
