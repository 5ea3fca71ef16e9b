import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type Failure, fail, type Host } from 'holdfast/plugin';
import type { Address } from './session.ts';

/** Where Debian and Red Hat put each major version's programs. */
const FOLDERS: readonly (readonly [folder: string, bin: (name: string) => string | undefined])[] = [
  ['/usr/lib/postgresql', (name) => (/^\d+$/.test(name) ? `${name}/bin` : undefined)],
  ['/usr', (name) => (/^pgsql-\d+$/.test(name) ? `${name}/bin` : undefined)],
];

const MAY_WRITE = '-c default_transaction_read_only=off -c statement_timeout=0';

export type Program = 'pg_dump' | 'pg_dumpall' | 'pg_restore';
type Running = ChildProcessByStdio<Writable, Readable, Readable>;

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

  /**
   * Those of the lowest version that is not below the server's: an older pg_dump refuses it (`PG_DUMP_OLD`), and where there is none
   * at all it is `PG_DUMP_MISSING`. `serverVersion` is `server_version_num`: 150020 is 15.20.
   */
  static async find(serverVersion: number, address: Address, host: Host, folder?: string): Promise<Programs> {
    const major = Math.floor(serverVersion / 10_000);
    const found: { folder: string; version: string; major: number }[] = [];
    for (const place of folder === undefined ? await candidates() : [folder]) {
      const version = await versionOf(place);
      if (version !== undefined) found.push({ folder: place, version, major: Number.parseInt(version, 10) });
    }
    const fitting = found.filter((one) => one.major >= major).toSorted((a, b) => a.major - b.major)[0];
    if (fitting === undefined)
      refuse(
        found.map(({ version }) => version),
        major,
        folder,
      );
    return new Programs(fitting.version, fitting.folder, host, await environmentOf(address, host));
  }

  /** Starts one against a database. It is killed when the run is cancelled. */
  start(program: Program, args: readonly string[]): Running {
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

/** Waits for its end. Undefined when it ended well, what it said on stderr otherwise. */
export async function endOf(child: Running): Promise<string | undefined> {
  const said = text(child.stderr);
  const [exit] = child.exitCode === null && child.signalCode === null ? await once(child, 'close') : [child.exitCode];
  return exit === 0 ? undefined : (await said).trim();
}

export function programFailed(program: Program, action: string, said: string): never {
  const all = program === 'pg_restore' ? [...SAID_OF_RESTORES, ...SAID] : SAID;
  const kind = all.find(([pattern]) => pattern.test(said))?.[1] ?? {
    code: 'POSTGRES_FAILED',
    permanent: false,
    hint: 'see the log of the server',
  };
  fail({ ...kind, message: `cannot ${action}: ${lastWords(said) || `${program} was ended`}`, origin: 'source' });
}

type Said = readonly (readonly [RegExp, Pick<Failure, 'code' | 'permanent' | 'hint'>])[];

const SAID_OF_RESTORES: Said = [
  [
    /permission denied|must be (superuser|owner|member|able)|no privileges/,
    {
      code: 'POSTGRES_DENIED',
      permanent: true,
      hint: 'name a user in the address who may make it, and give it to its owner: a superuser, or a member of the roles that own what is restored',
    },
  ],
  [
    /does not exist/,
    {
      code: 'POSTGRES_REFUSED',
      permanent: true,
      hint: 'the server has not got what a definition needs: make that first, or restore the tables that do without, by their names',
    },
  ],
];

/** By what these programs, and the server through them, say. */
const SAID: Said = [
  [
    /authentication failed|no password supplied|no pg_hba\.conf entry|is not permitted to log in/,
    {
      code: 'POSTGRES_LOGIN',
      permanent: true,
      hint: 'look at user and password in connection, and at pg_hba.conf of the server',
    },
  ],
  [
    /permission denied|must be (superuser|owner)/,
    { code: 'POSTGRES_DENIED', permanent: true, hint: 'GRANT pg_read_all_data TO the user of the agent' },
  ],
  [
    /too many (connections|clients)|remaining connection slots/,
    {
      code: 'POSTGRES_BUSY',
      permanent: false,
      hint: 'raise the limit of connections of the server, the database or the role',
    },
  ],
  [
    /server closed the connection|terminating connection|no connection to the server|the database system is (?:starting|shutting|in recovery)/,
    { code: 'POSTGRES_STOPPED', permanent: false, hint: 'the server ended the connection: see its log' },
  ],
  [
    /does not exist|could not open relation|cache lookup failed/,
    { code: 'POSTGRES_CHANGED', permanent: false, hint: 'definitions changed meanwhile: run it again' },
  ],
  // --lock-wait-timeout of pg_dump is a statement_timeout for its LOCK TABLE.
  [
    /due to (statement|lock) timeout/,
    {
      code: 'POSTGRES_LOCKED',
      permanent: false,
      hint: 'somebody else holds a lock that lets nobody read: see pg_locks',
    },
  ],
  [
    /No space left on device/,
    { code: 'POSTGRES_FULL', permanent: false, hint: 'the server has no room left: free some, then run it again' },
  ],
];

/** Of many lines, the one that says what was wrong: later ones quote the statement. */
function lastWords(said: string): string {
  const line = said.split('\n').find((one) => /error|ERROR|FATAL/.test(one)) ?? said.split('\n')[0] ?? '';
  return line.replace(/^pg_\w+: (error: )?/, '').slice(0, 500);
}

async function candidates(): Promise<string[]> {
  const found: string[] = [];
  for (const [folder, bin] of FOLDERS) {
    for (const name of await readdir(folder).catch(() => [])) {
      const place = bin(name);
      if (place !== undefined) found.push(join(folder, place));
    }
  }
  return [...found, ...(process.env['PATH'] ?? '').split(':').filter((place) => place.startsWith('/'))];
}

async function versionOf(folder: string): Promise<string | undefined> {
  const child = spawn(join(folder, 'pg_dump'), ['--version'], { env: {}, stdio: ['ignore', 'pipe', 'ignore'] });
  const said = text(child.stdout).catch(() => '');
  const [exit] = await once(child, 'close').catch(() => [127]);
  return exit === 0 ? /(\d+(\.\d+)*)/.exec(await said)?.[1] : undefined;
}

function refuse(found: readonly string[], major: number, folder: string | undefined): never {
  const where = folder === undefined ? 'here' : `in ${folder}`;
  fail({
    code: found.length === 0 ? 'PG_DUMP_MISSING' : 'PG_DUMP_OLD',
    message:
      found.length === 0
        ? `there is no pg_dump ${where}, which reads the definitions of the databases`
        : `the server is of version ${major}, and pg_dump ${where} of ${[...new Set(found)].join(', ')}: an older one cannot read it`,
    origin: 'source',
    permanent: true,
    hint: `install postgresql-client-${major}, or a later one, or name its folder in programs`,
  });
}

/**
 * The whole environment of these programs. The password goes by a file for this user alone in the run's own folder: who can list
 * processes sees arguments, and the same user the environment.
 */
async function environmentOf(address: Address, host: Host): Promise<Record<string, string | undefined>> {
  const environment: Record<string, string | undefined> = {
    PATH: process.env['PATH'],
    LC_ALL: 'C',
    PGHOST: address.host,
    PGPORT: `${address.port}`,
    PGUSER: address.user,
    PGAPPNAME: 'holdfast',
    PGCONNECT_TIMEOUT: '20',
    PGPASSFILE: '/nowhere',
  };
  if (address.tls !== undefined) {
    environment['PGSSLMODE'] = address.tls.mode;
    environment['PGSSLROOTCERT'] = address.tls.ca ?? (address.tls.mode.startsWith('verify') ? 'system' : '');
  }
  if (address.password !== undefined) {
    const file = join(host.scratchDir, 'pgpass');
    const password = (await host.secret(address.password)).replaceAll(/[\\:]/g, '\\$&');
    await writeFile(file, `*:*:*:*:${password}\n`, { mode: 0o600 });
    environment['PGPASSFILE'] = file;
  }
  return environment;
}
