import { userInfo } from 'node:os';
import { type Bytes, fail, type Host } from 'holdfast/plugin';
import pg from 'pg';
import { CopyIn } from './copy-in.ts';
import { CopyOut } from './copy-out.ts';
import { asking } from './failure.ts';
import type { ConnectionOptions } from './options.ts';
import { ReceivedRows } from './received-rows.ts';
import { SESSION_SETTINGS, startupOptions } from './session-settings.ts';
import { tlsOf } from './tls.ts';

/** How a server is reached, all of it known. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password?: ConnectionOptions['password'];
  readonly tls?: ConnectionOptions['tls'];
}

export function addressOf({ host, port, user, database, password, tls }: ConnectionOptions): Address {
  return {
    host: host ?? '/run/postgresql',
    port: port ?? 5432,
    user: user ?? userInfo().username,
    database: database ?? 'postgres',
    ...(password === undefined ? {} : { password }),
    ...(tls === undefined ? {} : { tls }),
  };
}

/** For people: without what is secret. */
export function describeAddress({ host, port, database }: Pick<Address, 'host' | 'port' | 'database'>): string {
  return host.startsWith('/') ? `${database} at ${host}, port ${port}` : `${database} at ${host}:${port}`;
}

/** One connection to one database. Gives up when the run is cancelled: the connection is cut, and the server drops what it held. */
export class Session implements AsyncDisposable {
  readonly #client: pg.Client;
  readonly #signal: AbortSignal;
  readonly #cut = () => this.#client.connection.stream.destroy(this.#signal.reason as Error);

  private constructor(client: pg.Client, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  static async open(address: Address, host: Host): Promise<Session> {
    const { signal } = host;
    signal.throwIfAborted();
    const client = new pg.Client({
      host: address.host,
      port: address.port,
      user: address.user,
      database: address.database,
      application_name: 'holdfast',
      options: startupOptions(),
      connectionTimeoutMillis: 20_000,
      keepAlive: true,
      ssl: await tlsOf(address.tls),
      // pg asks for it when the server does, and not before. Nothing else is tried: no variable of the environment, no ~/.pgpass.
      password: address.password === undefined ? () => '' : () => host.secret(address.password as never),
    });
    // What ends a connection while nothing is asked is told by the next question.
    client.on('error', () => {});
    const session = new Session(client, signal);
    signal.addEventListener('abort', session.#cut, { once: true });
    try {
      await asking(`connect to database ${describeAddress(address)}`, async () => {
        await client.connect();
        await client.query(SESSION_SETTINGS.join('; '));
      });
      return session;
    } catch (error) {
      await session[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Rows as objects of text, numbers and booleans. */
  async rows<T extends object>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
    this.#signal.throwIfAborted();
    const { rows } = await this.#client.query<T>(sql, [...values]);
    return rows;
  }

  async row<T extends object>(sql: string, values: readonly unknown[] = []): Promise<T> {
    const [first] = await this.rows<T>(sql, values);
    return (
      first ?? fail({ code: 'POSTGRES_FAILED', message: `no row from: ${sql}`, origin: 'source', permanent: true })
    );
  }

  /** Statements one after another, for their effect. */
  async run(...statements: readonly string[]): Promise<void> {
    this.#signal.throwIfAborted();
    await this.#client.query(statements.join('; '));
  }

  /** What `COPY … TO STDOUT` gives. `rows` is known at its end. */
  copyOut(sql: string): { readonly data: Bytes; rows(): number } {
    this.#signal.throwIfAborted();
    const received = new ReceivedRows(sql);
    this.#client.query(received.copy);
    return { data: received.data(), rows: () => received.rows };
  }

  /** The same for whoever needs no time for it: `take` has the rows until it returns. Gives their number. */
  async readRows(sql: string, take: (rows: Uint8Array) => void): Promise<number> {
    this.#signal.throwIfAborted();
    return this.#client.query(new CopyOut(sql, take, false)).ended;
  }

  /** Feeds `COPY … FROM STDIN`; the number of rows that the server took. A piece is not needed any more when the next one is asked for. */
  async copyIn(sql: string, data: Bytes): Promise<number> {
    this.#signal.throwIfAborted();
    const copy = this.#client.query(new CopyIn(sql));
    await copy.started;
    try {
      for await (const piece of data) await copy.write(piece);
    } catch (error) {
      await copy.fail('what was to be copied did not come');
      throw error;
    }
    return copy.finish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal.removeEventListener('abort', this.#cut);
    if (this.#signal.aborted) this.#cut();
    await this.#client.end().catch(() => {});
  }
}
