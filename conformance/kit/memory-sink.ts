import { constants, promises as fs } from 'node:fs';
import {
  type ArtifactOptions,
  type Failure,
  fail,
  type Gap,
  type Json,
  type KnownFiles,
  type Position,
  type Sink,
  type TreeEntries,
  type TreeEntry,
} from 'holdfast/plugin';
import { MemorySnapshot, type StoredPart, type StoredTreeEntry } from './memory-snapshot.ts';
import { collect } from './samples.ts';
import { TreeOrder } from './tree-order.ts';

const NOTHING_KNOWN: KnownFiles = { isPlain: () => false };

/**
 * Takes in what a source captures and keeps it in memory. It reads files as the agent's workers do: without following links
 * and without blocking; one that cannot be read is skipped. What breaks the contract is noted in `violations` and
 * otherwise tolerated, so that a check that is about something else does not fail for it.
 */
export class MemorySink implements Sink {
  readonly skipped: { readonly what: string; readonly failure: Failure }[] = [];
  readonly gaps: Gap[] = [];
  readonly violations: string[] = [];
  readonly #parts = new Map<string, StoredPart>();
  readonly #logs = new Map<string, { from: Position; to: Position; data: Uint8Array; facts: Json }[]>();
  readonly #previous: MemorySnapshot | undefined;

  constructor(previous?: MemorySnapshot) {
    this.#previous = previous;
  }

  async bytes(name: string, data: AsyncIterable<Uint8Array>, options: Parameters<Sink['bytes']>[2]): Promise<void> {
    this.#claim(name);
    const pieces: Uint8Array[] = [];
    for await (const piece of data) {
      if (piece.length === 0) this.violations.push(`${name}: an empty buffer`);
      pieces.push(Buffer.from(piece)); // a copy: the source may use its buffer again
    }
    this.#look(name, options);
    this.#parts.set(name, { kind: 'bytes', facts: options.facts?.() ?? null, data: Buffer.concat(pieces) });
  }

  async tree(name: string, entries: TreeEntries, options: Parameters<Sink['tree']>[2] = {}): Promise<void> {
    this.#claim(name);
    const order = new TreeOrder();
    const stored: StoredTreeEntry[] = [];
    for await (const entry of typeof entries === 'function' ? entries(NOTHING_KNOWN) : entries) {
      const violation = order.violation(entry);
      if (violation !== undefined) this.violations.push(`${name}: ${violation}`);
      const kept = await this.#stored(entry);
      if (kept !== undefined) stored.push(kept);
    }
    this.#look(name, options);
    this.#parts.set(name, { kind: 'tree', facts: options.facts?.() ?? null, entries: stored });
  }

  async reuse(name: string): Promise<void> {
    this.#claim(name);
    const part = this.#previous?.part(name);
    if (part === undefined) fail({ ...notThere, message: `the previous snapshot has no ${name}` });
    this.#parts.set(name, part);
  }

  async append(record: Parameters<Sink['append']>[0]): Promise<void> {
    const { log, from, to, data, facts = null } = record;
    const records = this.#logs.get(log) ?? [];
    records.push({ from, to, data: Buffer.from(data), facts });
    this.#logs.set(log, records);
  }

  gap(gap: Gap): void {
    this.gaps.push(gap);
  }

  skip(what: string, failure: Failure): void {
    if (failure.origin !== 'source') this.violations.push(`skip of ${what}: its origin is ${failure.origin}`);
    this.skipped.push({ what, failure });
  }

  /** What was captured so far, as a restore reads it. */
  snapshot(): MemorySnapshot {
    return new MemorySnapshot(new Map(this.#parts), new Map(this.#logs));
  }

  #claim(name: string): void {
    if (this.#parts.has(name)) this.violations.push(`${name}: the name was given twice`);
  }

  /** At attributes of a span, which OpenTelemetry would drop, or which are the agent's own. */
  #look(name: string, { attributes }: ArtifactOptions): void {
    for (const [key, value] of Object.entries(attributes?.() ?? {})) {
      if (key.startsWith('holdfast.')) this.violations.push(`${name}: the attribute ${key} is the agent’s own`);
      if (!['string', 'number', 'boolean'].includes(typeof value))
        this.violations.push(`${name}: the attribute ${key} is neither text, number nor boolean`);
    }
  }

  async #stored(entry: TreeEntry): Promise<StoredTreeEntry | undefined> {
    const { path, meta } = entry;
    if (entry.kind === 'data') return { path, meta, kind: 'file', data: await collect(entry.data) };
    if (entry.kind !== 'file') return entry;
    try {
      const data = await readAsWorkersDo(entry.file);
      return { path, meta, kind: 'file', data, ...(entry.sparse ? { sparse: true } : {}) };
    } catch (error) {
      const what = Buffer.from(path).toString();
      const denied = String(error).includes('EACCES');
      this.skip(what, { ...unread, code: denied ? 'SOURCE_DENIED' : 'SOURCE_VANISHED', message: String(error) });
      return undefined;
    }
  }
}

async function readAsWorkersDo(path: Uint8Array): Promise<Uint8Array> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  await using file = await fs.open(Buffer.from(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!(await file.stat()).isFile()) throw new Error('it is no longer a file');
  return file.readFile();
}

const unread = { origin: 'source', permanent: false } as const;
const notThere = { code: 'REUSE_MISSING', origin: 'agent', permanent: true } as const;
