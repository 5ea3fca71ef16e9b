import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { findPostgres } from './postgres-programs.ts';

/** Who may run a server: the program refuses root, so that tests of root start it as the user that Debian's package makes. */
interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

export interface PostgresOptions {
  /** Lines of `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** Arguments of `initdb`: `--encoding=LATIN1`, `--data-checksums`. */
  readonly initdb?: readonly string[];
  /** Where its data lies, made by whoever starts it; absent: a temporary folder. */
  readonly folder?: string;
}

/**
 * A PostgreSQL server of a test's own: on loopback and a free port, its data in a temporary folder, superuser `postgres` who needs no
 * password, as everybody else until `pg_hba.conf` says otherwise.
 */
export class PostgresServer implements AsyncDisposable {
  readonly programs: string;
  readonly folder: string;
  readonly port: number;
  readonly host = '127.0.0.1';
  readonly #owner: Owner;
  #process: ChildProcess | undefined;
  #said = '';

  private constructor(programs: string, folder: string, port: number, owner: Owner) {
    this.programs = programs;
    this.folder = folder;
    this.port = port;
    this.#owner = owner;
  }

  /** Fails where there is no PostgreSQL: ask {@link findPostgres} whether tests are to be skipped. */
  static async start({ settings = {}, initdb = [], folder }: PostgresOptions = {}): Promise<PostgresServer> {
    const programs = findPostgres();
    if (programs === undefined)
      throw new Error('no PostgreSQL here: apt-get install postgresql, or HOLDFAST_TEST_POSTGRES');
    const owner = ownerOf();
    const place = folder ?? (await mkdtemp(join(tmpdir(), 'holdfast-postgres-')));
    if (owner.uid !== undefined) await chown(place, owner.uid, owner.gid ?? owner.uid);
    const server = new PostgresServer(programs, place, await freePort(), owner);
    try {
      server.#run('initdb', ['-k', '-A', 'trust', '-U', 'postgres', '--no-sync', ...initdb, '-D', server.data]);
      await server.set({ fsync: false, full_page_writes: false, ...settings });
      await server.resume();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A standby that follows this server from now on. Disposing ends it. */
  async standby(): Promise<PostgresServer> {
    const place = await mkdtemp(join(tmpdir(), 'holdfast-postgres-'));
    if (this.#owner.uid !== undefined) await chown(place, this.#owner.uid, this.#owner.gid ?? this.#owner.uid);
    const standby = new PostgresServer(this.programs, place, await freePort(), this.#owner);
    try {
      this.#run('pg_basebackup', ['--checkpoint=fast', '--write-recovery-conf', '--no-sync', '-D', standby.data]);
      await standby.resume();
      return standby;
    } catch (error) {
      await standby[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A folder that the server may write to, and that goes with it. */
  async makeFolder(name: string): Promise<string> {
    const place = join(this.folder, name);
    await mkdir(place);
    if (this.#owner.uid !== undefined) await chown(place, this.#owner.uid, this.#owner.gid ?? this.#owner.uid);
    return place;
  }

  get data(): string {
    return join(this.folder, 'data');
  }

  /** What it wrote to its log. */
  get log(): string {
    return this.#said;
  }

  /** Takes effect when it is started again, or reloaded by `pg_reload_conf()`. */
  async set(settings: Readonly<Record<string, string | number | boolean>>): Promise<void> {
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${`${value}`.replaceAll("'", "''")}'\n`);
    await appendFile(join(this.data, 'postgresql.conf'), lines.join(''));
  }

  /** Who may connect how: the lines of `pg_hba.conf`. */
  async allow(lines: readonly string[]): Promise<void> {
    await writeFile(join(this.data, 'pg_hba.conf'), `${lines.join('\n')}\n`);
    this.query('SELECT pg_reload_conf()');
  }

  /** Runs SQL as the superuser, one statement after another, and gives what psql prints: columns parted by `|`, no titles. */
  query(sql: string, database = 'postgres'): string {
    return this.#run('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-f', '-'], { database, input: sql }).trimEnd();
  }

  /** Runs one of PostgreSQL's programs against a database of this server; fails unless it ends well. Its `-d` may mean something else. */
  run(program: string, args: readonly string[], database = 'postgres'): string {
    return this.#run(program, args, { database });
  }

  /** Ends it: `fast` cuts connections, `immediate` is a crash. Its data stay. */
  async pause(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    const running = this.#process;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'close');
    running.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await ended;
  }

  /** Starts it, and waits until it answers. */
  async resume(): Promise<void> {
    const args = ['-D', this.data, '-h', this.host, '-p', `${this.port}`, '-k', this.folder];
    const child = spawn(join(this.programs, 'postgres'), args, { ...this.#owner, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#process = child;
    const quit = () => void child.kill('SIGQUIT');
    process.on('exit', quit);
    child.once('close', () => process.off('exit', quit));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let since = '';
    child.on('error', reject).on('close', () => reject(new Error(`PostgreSQL ended:\n${since}`)));
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      this.#said += part;
      since += part;
      if (/database system is ready to accept (read-only )?connections/.test(since)) resolve();
    });
    await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pause('immediate');
    await rm(this.folder, { recursive: true, force: true });
  }

  #run(program: string, args: readonly string[], { database = '', input = '' } = {}): string {
    const address = { PGHOST: this.host, PGPORT: `${this.port}`, PGUSER: 'postgres', PGDATABASE: database };
    const ended = spawnSync(join(this.programs, program), args, {
      ...this.#owner,
      env: { ...process.env, ...address },
      input,
      cwd: this.folder,
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
    });
    if (ended.status === 0) return ended.stdout;
    throw new Error(`${program} ended with ${ended.status ?? ended.signal ?? ended.error}:\n${ended.stderr}`);
  }
}

function ownerOf(): Owner {
  if (process.getuid?.() !== 0) return {};
  const id = (what: '-u' | '-g') =>
    Number(spawnSync('id', [what, 'postgres'], { encoding: 'utf8' }).stdout || Number.NaN);
  const [uid, gid] = [id('-u'), id('-g')];
  if (Number.isNaN(uid)) throw new Error('there is no user postgres, as whom a server could run');
  return { uid, gid };
}
