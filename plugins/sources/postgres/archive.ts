import { fail } from 'holdfast/plugin';
import { decoderOf } from './encodings.ts';

/*
 * The head of what `pg_dump -Fc` writes: a header and a table of contents, followed by the data. It is what pg_restore needs to
 * make definitions, and says of each table how its rows are copied in. Source: src/bin/pg_dump/pg_backup_archiver.c, WriteHead(),
 * WriteToc(), and pg_backup_custom.c, _WriteExtraToc(); versions 1.14 (PostgreSQL 12) to 1.16 (17 and 18).
 */
const MAGIC = Buffer.from('PGDMP');
const CUSTOM = 1;
const [OLDEST, NEWEST] = [14, 16];
const SECTIONS = ['', 'none', 'pre-data', 'data', 'post-data'] as const;

export interface ArchiveEntry {
  readonly dumpId: number;
  /** Whether data follow for it. */
  readonly hasData: boolean;
  /** Its oid in the database that was dumped, as text; `0` without one. */
  readonly oid: string;
  readonly tag: string;
  /** What it is: `TABLE`, `TABLE DATA`, `FK CONSTRAINT`, `BLOBS` … */
  readonly desc: string;
  readonly section: 'none' | 'pre-data' | 'data' | 'post-data';
  /** SQL that makes it. */
  readonly definition: string;
  /** `COPY … FROM stdin;` of a table's data. */
  readonly copy: string;
  readonly namespace: string;
  readonly owner: string;
  readonly tablespace: string;
  readonly dependencies: readonly number[];
  readonly raw: Uint8Array;
}

export interface Archive {
  /** Of the format: 15 is 1.15. */
  readonly minor: number;
  readonly intSize: number;
  readonly offsetSize: number;
  readonly database: string;
  readonly serverVersion: string;
  readonly dumpVersion: string;
  /** All before the number of entries. */
  readonly header: Uint8Array;
  readonly entries: readonly ArchiveEntry[];
  /** Of header and table of contents together. */
  readonly length: number;
}

/** Undefined when `bytes` end before the table of contents does. Fails with `ARCHIVE_INVALID` when they are none. */
export function parseArchive(bytes: Uint8Array): Archive | undefined {
  try {
    return new ArchiveParser(bytes).archive();
  } catch (error) {
    if (error === tooShort) return undefined;
    throw error;
  }
}

/** The head of an archive with some of the entries, in the order given. */
export function writeArchive(archive: Archive, entries: readonly ArchiveEntry[]): Uint8Array {
  return Buffer.concat([archive.header, writeInt(archive, entries.length), ...entries.map(({ raw }) => raw)]);
}

/** As the format writes it: a byte for the sign, then the absolute value, little-endian. */
export function writeInt({ intSize }: Pick<Archive, 'intSize'>, value: number): Uint8Array {
  const bytes = Buffer.alloc(1 + intSize);
  bytes[0] = value < 0 ? 1 : 0;
  bytes.writeUIntLE(Math.abs(value), 1, intSize);
  return bytes;
}

const tooShort = Symbol('too short');

class ArchiveParser {
  readonly #bytes: Buffer;
  #at = 0;
  #intSize = 4;
  /** The encoding of all texts, from the first entry on, which names it. */
  #read = decoderOf('UTF8');

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  archive(): Archive {
    if (!this.#take(MAGIC.length).equals(MAGIC)) invalid('it does not begin as one');
    const [major, minor] = [this.#byte(), this.#byte()];
    this.#byte();
    if (major !== 1 || minor < OLDEST || minor > NEWEST) invalid(`its format is ${major}.${minor}`);
    this.#intSize = this.#byte();
    if (this.#intSize < 4 || this.#intSize > 6) invalid(`its integers have ${this.#intSize} bytes`);
    const offsetSize = this.#byte();
    if (this.#byte() !== CUSTOM) invalid('it is not of the custom format');
    const compressed = minor >= 15 ? this.#byte() : this.#int();
    if (compressed !== 0) invalid('it is compressed');
    for (let i = 0; i < 7; i++) this.#int(); // when it was made
    const database = this.#text();
    const serverVersion = this.#text();
    const dumpVersion = this.#text();
    const header = this.#bytes.subarray(0, this.#at);
    const count = this.#int();
    const entries: ArchiveEntry[] = [];
    for (let i = 0; i < count; i++) entries.push(this.#entry(minor, offsetSize));
    return {
      minor,
      intSize: this.#intSize,
      offsetSize,
      database,
      serverVersion,
      dumpVersion,
      header,
      entries,
      length: this.#at,
    };
  }

  #entry(minor: number, offsetSize: number): ArchiveEntry {
    const from = this.#at;
    const dumpId = this.#int();
    const hasData = this.#int() !== 0;
    this.#text(); // the catalog that the oid is of
    const oid = this.#text();
    const tag = this.#text();
    const desc = this.#text();
    const section = SECTIONS[this.#int()];
    if (section === undefined || section === '') invalid(`${tag} is of no section`);
    const definition = this.#text();
    if (desc === 'ENCODING') this.#read = decoderOf(/'(\w+)'/.exec(definition)?.[1] ?? 'UTF8');
    this.#text(); // SQL that drops it
    const copy = this.#text();
    const namespace = this.#text();
    const tablespace = this.#text();
    this.#text(); // table access method
    if (minor >= 16) this.#int(); // relkind
    const owner = this.#text();
    this.#text(); // "false": it has no oids
    const dependencies: number[] = [];
    for (let next = this.#string(); next !== undefined; next = this.#string()) dependencies.push(Number(next));
    this.#take(1 + offsetSize); // where the data are
    const raw = this.#bytes.subarray(from, this.#at);
    return {
      dumpId,
      hasData,
      oid,
      tag,
      desc,
      section,
      definition,
      copy,
      namespace,
      owner,
      tablespace,
      dependencies,
      raw,
    };
  }

  #text(): string {
    return this.#string() ?? '';
  }

  #string(): string | undefined {
    const length = this.#int();
    return length < 0 ? undefined : this.#read(this.#take(length));
  }

  #int(): number {
    const negative = this.#byte() !== 0;
    const value = this.#take(this.#intSize).readUIntLE(0, this.#intSize);
    return negative ? -value : value;
  }

  #byte(): number {
    return this.#take(1)[0] as number;
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw tooShort;
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

function invalid(why: string): never {
  fail({
    code: 'ARCHIVE_INVALID',
    message: `this is no archive of pg_dump that can be read here: ${why}`,
    origin: 'source',
    permanent: true,
    hint: 'use a newer version of this agent, or an older pg_dump',
  });
}
