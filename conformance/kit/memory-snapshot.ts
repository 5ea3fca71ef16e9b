import { constants, promises as fs } from 'node:fs';
import {
  type Bytes,
  type Compared,
  type Failure,
  type FileAttributes,
  fail,
  type Json,
  type LogRecord,
  type Meta,
  type PlainContent,
  type Position,
  type Range,
  type Reader,
  type StoredContent,
  type StoredEntry,
} from 'holdfast/plugin';
import { dressFile } from 'holdfast/system';
import ignore from 'ignore';
import { compareInTree } from './tree-order.ts';

/** An entry of a tree with its content. */
export type StoredTreeEntry = { readonly path: Uint8Array; readonly meta: Meta } & (
  | PlainContent
  | { readonly kind: 'file'; readonly data: Uint8Array; readonly sparse?: true }
);

export type StoredPart =
  | { readonly kind: 'bytes'; readonly facts: Json; readonly data: Uint8Array }
  | { readonly kind: 'tree'; readonly facts: Json; readonly entries: readonly StoredTreeEntry[] };

/** A snapshot in memory. Trees come out in tree order, whatever order they went in. */
export class MemorySnapshot implements Reader {
  readonly #parts: ReadonlyMap<string, StoredPart>;
  readonly #logs: ReadonlyMap<string, readonly LogRecord[]>;

  constructor(
    parts: ReadonlyMap<string, StoredPart>,
    logs: ReadonlyMap<string, readonly LogRecord[]> = new Map<string, readonly LogRecord[]>(),
  ) {
    this.#parts = parts;
    this.#logs = logs;
  }

  part(name: string): StoredPart | undefined {
    return this.#parts.get(name);
  }

  /** The facts of every part, as the next backup gets them in `previous`. */
  facts(): Record<string, Json> {
    return Object.fromEntries([...this.#parts].map(([name, { facts }]) => [name, facts]));
  }

  async *parts(): AsyncGenerator<{ name: string; kind: 'bytes' | 'tree'; facts: Json }> {
    for (const [name, { kind, facts }] of this.#parts) yield { name, kind, facts };
  }

  async *bytes(name: string, range: Range = { offset: 0 }): Bytes {
    const part = this.#parts.get(name);
    if (part?.kind !== 'bytes') return absent(name);
    yield* pieces(part.data, range);
  }

  async *tree(name: string, patterns: readonly string[] = []): AsyncGenerator<StoredEntry> {
    const part = this.#parts.get(name);
    if (part?.kind !== 'tree') return absent(name);
    const entries = part.entries.toSorted((a, b) => compareInTree(a.path, b.path));
    const selected = patterns.length === 0 ? entries : select(entries, patterns);
    for (const entry of selected) {
      if (entry.kind !== 'file') yield entry;
      else yield { ...entry, size: entry.data.length, content: new MemoryContent(entry.data) };
    }
  }

  selection(patterns: readonly string[]): (path: Uint8Array, isFolder: boolean) => boolean {
    return patterns.length === 0 ? () => true : selector(patterns);
  }

  async *log(name: string, from?: Position): AsyncGenerator<LogRecord> {
    const records = this.#logs.get(name) ?? [];
    const start = from === undefined ? 0 : records.findIndex((record) => isSame(record.from, from));
    yield* records.slice(start === -1 ? records.length : start);
  }
}

function select(entries: readonly StoredTreeEntry[], patterns: readonly string[]): StoredTreeEntry[] {
  const selects = selector(patterns);
  const chosen = entries.filter(({ path, kind }) => selects(path, kind === 'directory'));
  const above = new Set(['']);
  for (const { path } of chosen) {
    const text = Buffer.from(path).toString('latin1');
    for (let at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1)) above.add(text.slice(0, at));
  }
  return entries.filter((entry) => chosen.includes(entry) || above.has(Buffer.from(entry.path).toString('latin1')));
}

function selector(patterns: readonly string[]): (path: Uint8Array, isFolder: boolean) => boolean {
  const selected = ignore({ ignorecase: false }).add(patterns);
  return (path, isFolder) => {
    const text = Buffer.from(path).toString();
    return text !== '' && selected.ignores(isFolder ? `${text}/` : text);
  };
}

/** Content in memory, written as the agent's workers write it. */
class MemoryContent implements StoredContent {
  readonly #data: Uint8Array;
  constructor(data: Uint8Array) {
    this.#data = data;
  }

  read(range: Range = { offset: 0 }): Bytes {
    return pieces(this.#data, range);
  }

  async compare(path: Uint8Array): Promise<Compared> {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    try {
      await using file = await fs.open(Buffer.from(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      if (!(await file.stat()).isFile()) return { kind: 'failed', failure: { ...failed, message: 'it is no file' } };
      const same = Buffer.compare(await file.readFile(), this.#data) === 0;
      return same ? { kind: 'same' } : { kind: 'different', bytes: this.#data.length };
    } catch (error) {
      return { kind: 'failed', failure: { ...failed, message: String(error) } };
    }
  }

  async writeTo(path: Uint8Array, attributes: FileAttributes): Promise<Failure | undefined> {
    const place = Buffer.from(path);
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
    let made = false;
    try {
      await using file = await fs.open(place, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      made = true;
      await file.writeFile(this.#data);
      giveAttributes(file.fd, attributes);
      return undefined;
    } catch (error) {
      if (made) await fs.rm(place, { force: true });
      return { ...failed, message: String(error) };
    }
  }
}

function giveAttributes(fd: number, { xattrs, lacks, ...others }: FileAttributes): void {
  const kept = xattrs === undefined ? {} : { xattrs: xattrs.values };
  const refused = dressFile(fd, { ...others, ...kept, ...(lacks === undefined ? {} : { ownerless: true }) });
  for (const { what, code } of refused) {
    if (typeof what === 'string') lacks?.(what, code);
    else xattrs?.refused(what.xattr, code);
  }
}

const failed = { code: 'RESTORE_IO', origin: 'source', permanent: false } as const;

/** Each is its reader's, who may give the memory back. */
async function* pieces(data: Uint8Array, { offset, length }: Range): Bytes {
  const end = length === undefined ? data.length : Math.min(data.length, offset + length);
  for (let at = offset; at < end; at += 65_536) yield data.slice(at, Math.min(end, at + 65_536));
}

function isSame(a: Position, b: Position): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function absent(name: string): never {
  fail({ code: 'PART_MISSING', message: `there is no ${name}`, origin: 'repository', permanent: true });
}
