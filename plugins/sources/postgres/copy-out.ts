import type { Duplex } from 'node:stream';
import type { Connection, Submittable } from 'pg';
import { rowsOfTag } from './command-tag.ts';
import { giveBack } from './giving-back.ts';

/** PostgreSQL documentation, "Message Formats": each message is a letter, its length with these four bytes, and its content. */
const HEADER_BYTES = 5;
const COPY_DATA = 0x64;
const COPY_DONE = 0x63;
const ERROR_RESPONSE = 0x45;

type Listener = (bytes: Buffer) => void;

/**
 * `COPY … TO STDOUT` as a query of pg. Takes the connection's bytes itself for as long as rows come: the server sends each row as a
 * message, and what is done for each of millions is what reading costs. So rows are moved together where they were received.
 */
export class CopyOut implements Submittable {
  /** How many rows came; rejects with what ended it before. */
  readonly ended: Promise<number>;
  readonly #sql: string;
  readonly #take: (rows: Uint8Array) => void;
  readonly #keeps: boolean;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  readonly #resolve: (rows: number) => void;
  readonly #reject: (error: unknown) => void;
  #stream: Duplex | undefined;
  /** pg's own, while it does not listen. */
  #aside: Listener | undefined;
  /** Bytes of a header that is not here whole. */
  #begun = 0;
  /** The message that is being received: its letter, and how much of it is still to come. */
  #kind = 0;
  #left = 0;
  #rows = 0;

  /** `take` is given rows as they come, any number at a time and cut anywhere. Unless it `keeps` them, they are gone when it returns. */
  constructor(sql: string, take: (rows: Uint8Array) => void, keeps: boolean) {
    this.#sql = sql;
    this.#take = take;
    this.#keeps = keeps;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.ended = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    promise.catch(() => {});
  }

  submit(connection: Connection): void {
    const { stream } = connection;
    const [listener] = stream.listeners('data');
    this.#stream = stream;
    this.#aside = listener as Listener;
    stream.on('data', this.#receive).off('data', this.#aside);
    connection.query(this.#sql);
  }

  /** Nothing is received until `resume`. */
  pause(): void {
    if (this.#aside !== undefined) this.#stream?.pause();
  }

  resume(): void {
    if (this.#aside !== undefined) this.#stream?.resume();
  }

  readonly #receive = (bytes: Buffer): void => {
    let [at, kept] = [0, 0];
    while (at < bytes.length) {
      if (this.#left === 0) {
        const from = this.#begun;
        const next = this.#readHeader(bytes, at);
        if (this.#begun > 0) break;
        if (this.#kind === COPY_DONE || this.#kind === ERROR_RESPONSE) {
          if (kept > 0) this.#take(bytes.subarray(0, kept));
          const whole = from === 0 ? bytes.subarray(at) : Buffer.concat([this.#header, bytes.subarray(next)]);
          this.#leave(whole);
          return;
        }
        at = next;
      }
      const end = Math.min(bytes.length, at + this.#left);
      if (this.#kind === COPY_DATA) {
        if (kept !== at) bytes.copyWithin(kept, at, end);
        kept += end - at;
      }
      this.#left -= end - at;
      at = end;
    }
    if (kept > 0) this.#take(bytes.subarray(0, kept));
    if (!this.#keeps) giveBack(bytes);
  };

  /** Where the message begins whose header is at `at`; it may be here in part, and its rest comes with the next bytes. */
  #readHeader(bytes: Buffer, at: number): number {
    if (this.#begun === 0 && at + HEADER_BYTES <= bytes.length) {
      this.#kind = bytes[at] as number;
      this.#left = bytes.readUInt32BE(at + 1) - 4;
      return at + HEADER_BYTES;
    }
    const taken = bytes.copy(this.#header, this.#begun, at, at + HEADER_BYTES - this.#begun);
    this.#begun += taken;
    if (this.#begun < HEADER_BYTES) return bytes.length;
    this.#begun = 0;
    this.#kind = this.#header[0] as number;
    this.#left = this.#header.readUInt32BE(1) - 4;
    return at + taken;
  }

  /** pg understands what comes from here on. */
  #leave(bytes: Buffer): void {
    const [stream, listener] = [this.#stream, this.#aside];
    if (stream === undefined || listener === undefined) return;
    this.#aside = undefined;
    stream.on('data', listener).off('data', this.#receive);
    stream.resume();
    listener(bytes);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#rows = rowsOfTag(text);
  }

  handleReadyForQuery(): void {
    this.#resolve(this.#rows);
  }

  handleError(error: unknown): void {
    this.#reject(error);
  }
}
