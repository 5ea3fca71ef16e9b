import type { Duplex } from 'node:stream';
import type { Connection, Submittable } from 'pg';
import { rowsOfTag } from './command-tag.ts';

/** PostgreSQL documentation, "Message Formats": each message is a letter, its length with these four bytes, and its content. */
const COPY_DATA = 0x64;
const COPY_DONE = 0x63;
const COPY_FAIL = 0x66;
/** The server puts a message together before it looks into it. */
const MESSAGE_BYTES = 4 * 2 ** 20;

/** `COPY … FROM STDIN` as a query of pg. */
export class CopyIn implements Submittable {
  /** Resolves when the server waits for rows. */
  readonly started: Promise<void>;
  /** How many rows the server took; rejects with what it refused, or what ended the connection. */
  readonly ended: Promise<number>;
  readonly #sql: string;
  readonly #start: () => void;
  readonly #resolve: (rows: number) => void;
  readonly #reject: (error: unknown) => void;
  #connection: Connection | undefined;
  #over = false;
  #rows = 0;

  constructor(sql: string) {
    this.#sql = sql;
    const started = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<number>();
    this.started = started.promise;
    this.ended = ended.promise;
    this.#start = started.resolve;
    this.#resolve = ended.resolve;
    this.#reject = (error) => {
      started.reject(error);
      ended.reject(error);
    };
    started.promise.catch(() => {});
    ended.promise.catch(() => {});
  }

  submit(connection: Connection): void {
    this.#connection = connection;
    connection.query(this.#sql);
  }

  /** Resolves when the system has taken the rows, so that their memory is free again, or rejects with what ended the copying. */
  async write(rows: Uint8Array): Promise<void> {
    for (let at = 0; at < rows.length; at += MESSAGE_BYTES)
      await Promise.race([this.ended, this.#send(rows.subarray(at, at + MESSAGE_BYTES))]);
  }

  /** There are no more rows. */
  finish(): Promise<number> {
    this.#stream?.write(header(COPY_DONE, 0));
    return this.ended;
  }

  /** Has the server take nothing of it, and waits until it says so. */
  async fail(why: string): Promise<void> {
    const said = Buffer.from(`${why}\0`);
    this.#stream?.write(Buffer.concat([header(COPY_FAIL, said.length), said]));
    await this.ended.catch(() => {});
  }

  get #stream(): Duplex | undefined {
    return this.#over ? undefined : this.#connection?.stream;
  }

  #send(rows: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const stream = this.#stream;
      if (stream === undefined) return reject(new Error('the copying has ended'));
      stream.cork();
      stream.write(header(COPY_DATA, rows.length));
      stream.write(rows, (error) => (error ? reject(error) : resolve()));
      stream.uncork();
    });
  }

  handleCopyInResponse(): void {
    this.#start();
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#rows = rowsOfTag(text);
  }

  handleReadyForQuery(): void {
    this.#over = true;
    this.#resolve(this.#rows);
  }

  handleError(error: unknown): void {
    this.#over = true;
    this.#reject(error);
  }
}

function header(kind: number, length: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = kind;
  bytes.writeUInt32BE(length + 4, 1);
  return bytes;
}
