import type { Value } from '../encoding.ts';
import { isExactTime } from '../exact-time.ts';

/** 16 random bytes of an id, as they are written everywhere. */
const ID = /^[0-9a-f]{32}$/;
/** SHA-1 and SHA-256 fingerprints of OpenPGP keys, version 4 and 6. */
const FINGERPRINT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

type Refuse = (reason: string) => never;

/**
 * A decoded CBOR map whose fields are taken out one by one. Whatever is missing, of another type, or left over at the end
 * calls `refuse` with a reason that names the field and never its content, because the content may be a secret.
 */
export class RecordReader {
  readonly #fields: Map<string, Value>;
  readonly #refuse: Refuse;

  constructor(value: Value, refuse: Refuse) {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array || isList(value)) {
      refuse('it is not a map');
    }
    this.#fields = new Map(Object.entries(value));
    this.#refuse = refuse;
  }

  id(name: string): string {
    return this.#matching(name, ID);
  }

  text(name: string): string {
    return this.#matching(name, /^/);
  }

  /** ISO 8601 in UTC with milliseconds, as Date.toISOString writes it for the years 0001 to 9999. */
  time(name: string): string {
    const text = this.text(name);
    return isExactTime(text) ? text : this.#wrong(name);
  }

  /** An integer from 0. */
  number(name: string): number {
    const value = this.#take(name);
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : this.#wrong(name);
  }

  /** A copy: the bytes that were decoded may be wiped. */
  bytes(name: string, length?: number): Uint8Array {
    const value = this.#take(name);
    if (!(value instanceof Uint8Array) || (length !== undefined && value.length !== length)) return this.#wrong(name);
    return Uint8Array.from(value);
  }

  fingerprints(name: string): readonly string[] {
    return this.#list(name).map((value) =>
      typeof value === 'string' && FINGERPRINT.test(value) ? value : this.#wrong(name),
    );
  }

  fingerprint(name: string): string {
    return this.#matching(name, FINGERPRINT);
  }

  /** A list of byte strings of one length, as hex. */
  hashes(name: string, length: number): readonly string[] {
    return this.#list(name).map((value) =>
      value instanceof Uint8Array && value.length === length ? Buffer.from(value).toString('hex') : this.#wrong(name),
    );
  }

  texts(name: string): readonly string[] {
    return this.#list(name).map((value) => (typeof value === 'string' ? value : this.#wrong(name)));
  }

  record(name: string): RecordReader {
    return new RecordReader(this.#take(name), this.#refuse);
  }

  records(name: string): readonly RecordReader[] {
    return this.#list(name).map((value) => new RecordReader(value, this.#refuse));
  }

  /** Says that all fields were taken: what this version does not know must not be taken for what it does. */
  end(): void {
    if (this.#fields.size > 0) this.#refuse('it has fields that do not belong there');
  }

  #matching(name: string, pattern: RegExp): string {
    const value = this.#take(name);
    return typeof value === 'string' && pattern.test(value) ? value : this.#wrong(name);
  }

  #list(name: string): readonly Value[] {
    const value = this.#take(name);
    return isList(value) ? value : this.#wrong(name);
  }

  #take(name: string): Value {
    const value = this.#fields.get(name);
    if (value === undefined) return this.#wrong(name);
    this.#fields.delete(name);
    return value;
  }

  #wrong(name: string): never {
    return this.#refuse(`its field ${name} is missing or malformed`);
  }
}

// Array.isArray narrows readonly arrays to any[].
function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
