import { type Chunker, type Failure, fail, type TreeEntries, type TreeEntry } from '../contract/index.ts';
import { compareTreeOrder, PageWriter, type TreeRecord } from '../repository/tree.ts';
import type { Counters } from '../workers/counters.ts';
import type { WorkerSession } from '../workers/session.ts';
import { REF_BYTES, storeChunkList } from './chunk-lists.ts';
import { FileBatches, type ReadFile } from './file-batches.ts';
import { PageStore, type StoredPage } from './page-store.ts';
import type { Progress } from './progress.ts';
import { captureStream } from './stream-capture.ts';
import type { Captured, TreeCache } from './tree-cache.ts';
import type { UsedSlots } from './used-slots.ts';

/** Entries that may wait for their content to be stored; bounds memory. */
const WAITING = 4096;
/** Entries with data of their own that may be on their way to a worker at a time: each holds a window. */
const DATA_AT_ONCE = 4;
/** Files with more chunks keep their chunk list in chunks of its own. */
const CHUNKS_IN_ENTRY = 1024;
/** Files that changed while they were read: so many are named, all are counted. */
const CHANGED_NAMED = 50;

export interface TreeCaptureOptions {
  readonly session: WorkerSession;
  readonly artifact: number;
  readonly chunker: Chunker;
  readonly cache: TreeCache;
  readonly used: UsedSlots;
  readonly progress: Progress;
  readonly counters: Counters;
  skip(what: string, failure: Failure): void;
}

export interface CapturedTree {
  readonly pages: readonly StoredPage[];
  readonly entries: number;
  /** Bytes of file content. */
  readonly size: number;
  readonly files: number;
  readonly unchanged: number;
  readonly changedWhileRead: number;
  /** The first of these, by path. */
  readonly changedPaths: readonly string[];
}

type FileEntry = Extract<TreeEntry, { kind: 'file' }>;
type DataEntry = Extract<TreeEntry, { kind: 'data' }>;

type Content = { readonly chunks: Uint8Array } | { readonly lists: Uint8Array };

/** An entry that can go to its page; with what the cache is to know of it, when it is a file that has a path. */
interface Ready {
  readonly record: TreeRecord;
  readonly cached?: Captured;
}

/** An entry on its way to its page; `read` when its content is still with a worker. */
type Pending =
  | Ready
  | { readonly entry: FileEntry; readonly read: () => Promise<ReadFile> }
  | { readonly later: Promise<Ready> };

/**
 * Takes a tree in tree order; sends what must be read to the workers in batches; writes the pages in order as content is stored.
 * Three things go on at once: the source walks, the workers read, and the pages follow.
 */
export class TreeCapture {
  readonly #o: TreeCaptureOptions;
  readonly #pages: PageStore;
  readonly #writer: PageWriter;
  readonly #pending: Pending[] = [];
  #head = 0;
  readonly #batches: FileBatches;
  /** Files that could not be read, by path. */
  readonly #failed = new Map<string, Failure>();
  readonly #storing = new Set<Promise<Ready>>();
  #entries = 0;
  #size = 0;
  #files = 0;
  #unchanged = 0;
  #changedWhileRead = 0;
  readonly #changedPaths: string[] = [];

  constructor(options: TreeCaptureOptions) {
    this.#o = options;
    this.#pages = new PageStore(options);
    this.#batches = new FileBatches(options);
    this.#writer = new PageWriter((page) => this.#pages.add(page));
  }

  async take(entries: TreeEntries): Promise<CapturedTree> {
    let previous: Uint8Array | undefined;
    for await (const entry of typeof entries === 'function' ? entries(this.#o.cache) : entries) {
      if (previous !== undefined && compareTreeOrder(previous, entry.path) >= 0) outOfOrder(entry.path);
      previous = entry.path;
      const reading = this.#add(entry);
      if (reading !== undefined) await reading;
      const isFull = this.#pending.length - this.#head > WAITING;
      // What is waited for must be on its way: a batch that was not sent would be waited for forever.
      if (isFull || this.#batches.full) await this.#batches.send();
      if (isFull) await this.#drain(WAITING / 2);
      else if (this.#pages.full) await this.#pages.send();
    }
    await this.#batches.send();
    await this.#drain(0);
    this.#writer.end();
    const pages = await this.#pages.finish();
    return {
      pages,
      entries: this.#entries,
      size: this.#size,
      files: this.#files,
      unchanged: this.#unchanged,
      changedWhileRead: this.#changedWhileRead,
      changedPaths: this.#changedPaths,
    };
  }

  /** Returns what to wait for before the next entry is asked for, if anything. */
  #add(entry: TreeEntry): Promise<void> | undefined {
    this.#o.progress.entries++;
    if (entry.kind === 'data') return this.#addData(entry);
    if (entry.kind === 'file') this.#addFile(entry);
    else this.#emitOrWait({ record: entry });
    return undefined;
  }

  /** Another name of a file that could not be read has nothing to name. */
  #skipLink(link: Extract<TreeRecord, { kind: 'hardlink' }>, failure: Failure): void {
    const target = Buffer.from(link.target).toString('utf8');
    const message = `it is another name of ${JSON.stringify(target)}, which was not stored: ${failure.message}`;
    this.#o.skip(Buffer.from(link.path).toString('utf8'), { ...failure, message });
  }

  #addFile(entry: FileEntry): void {
    this.#o.progress.bytes += entry.stamp.size;
    const chunks = this.#o.cache.find(entry.path, entry.stamp, this.#o.used);
    if (chunks !== undefined) {
      this.#unchanged++;
      this.#addUnchanged(entry, chunks);
      return;
    }
    this.#o.progress.bytesRead += entry.stamp.size;
    const { mode, uid, gid } = entry.meta;
    const owner = { mode, uid, gid };
    const file = { path: entry.file, stamp: entry.stamp, owner, ...(entry.sparse ? { sparse: entry.sparse } : {}) };
    this.#pending.push({ entry, read: this.#batches.add(file) });
  }

  #addUnchanged(entry: FileEntry, chunks: Uint8Array): void {
    const { stamp, plain = false } = entry;
    const cached = { stamp, plain, chunks, state: 'unchanged' } as const;
    if (chunks.length <= CHUNKS_IN_ENTRY * REF_BYTES) {
      this.#emitOrWait({ record: fileRecord(entry, stamp.size, { chunks }), cached });
      return;
    }
    const recorded = async (): Promise<Ready> => {
      return { record: fileRecord(entry, stamp.size, await this.#content(chunks)), cached };
    };
    this.#addLater(recorded());
  }

  /** Reads the data to its end: it may be part of a stream that the next entry is part of, too. */
  async #addData(entry: DataEntry): Promise<void> {
    const { promise: read, resolve } = Promise.withResolvers<void>();
    const stored = this.#takeData(entry, resolve);
    this.#addLater(stored);
    this.#storing.add(stored);
    const done = () => {
      this.#storing.delete(stored);
      resolve();
    };
    stored.then(done, done);
    await read;
    if (this.#storing.size >= DATA_AT_ONCE) await Promise.race(this.#storing);
  }

  #addLater(later: Promise<Ready>): void {
    // A failure is seen where the entry is awaited; until then it must not count as unhandled.
    later.catch(() => {});
    this.#pending.push({ later });
  }

  /** An entry that needs nothing more goes straight to its page when nothing is waiting before it. */
  #emitOrWait(ready: Ready): void {
    if (this.#head === this.#pending.length) this.#emit(ready);
    else this.#pending.push(ready);
  }

  /** Writes waiting entries, oldest first, until at most `left` wait. */
  async #drain(left: number): Promise<void> {
    while (this.#pending.length - this.#head > left) {
      const pending = this.#pending[this.#head] as Pending;
      this.#head++;
      if ('record' in pending) this.#emit(pending);
      else if ('later' in pending) this.#emit(await pending.later);
      else await this.#emitRead(pending.entry, await pending.read());
      if (this.#pages.full) await this.#pages.send();
    }
    this.#pending.splice(0, this.#head);
    this.#head = 0;
  }

  async #emitRead(entry: FileEntry, outcome: ReadFile): Promise<void> {
    if (outcome.kind === 'failed') {
      this.#o.skip(Buffer.from(entry.path).toString('utf8'), outcome.failure);
      this.#failed.set(latin1(entry.path), outcome.failure);
      return;
    }
    const { refs, size, changed } = outcome;
    if (changed && ++this.#changedWhileRead <= CHANGED_NAMED)
      this.#changedPaths.push(Buffer.from(entry.path).toString('utf8'));
    const record = fileRecord(entry, size, await this.#content(refs));
    const { stamp, plain = false } = entry;
    this.#emit({ record, cached: { stamp, plain, chunks: refs, state: changed ? 'unreliable' : 'read' } });
  }

  async #content(refs: Uint8Array): Promise<Content> {
    if (refs.length <= CHUNKS_IN_ENTRY * REF_BYTES) return { chunks: refs };
    return { lists: await storeChunkList(this.#o.session, this.#o.artifact, this.#o.used, refs) };
  }

  async #takeData({ path, meta, data }: DataEntry, onRead: () => void): Promise<Ready> {
    const { size, refs } = await captureStream(data, { ...this.#o, onRead });
    return { record: { path, meta, kind: 'file', size, ...(await this.#content(refs)) } };
  }

  #emit({ record, cached }: Ready): void {
    const failed = record.kind === 'hardlink' ? this.#failed.get(latin1(record.target)) : undefined;
    if (record.kind === 'hardlink' && failed !== undefined) {
      this.#skipLink(record, failed);
      return;
    }
    this.#entries++;
    if (record.kind === 'file') {
      this.#files++;
      this.#size += record.size;
      if (cached !== undefined) this.#o.cache.record(record.path, cached);
    }
    this.#writer.add(record);
  }
}

function fileRecord({ path, meta, sparse }: FileEntry, size: number, content: Content): TreeRecord {
  return { path, meta, kind: 'file', size, ...content, ...(sparse ? { sparse } : {}) };
}

function latin1(path: Uint8Array): string {
  return Buffer.from(path.buffer, path.byteOffset, path.length).toString('latin1');
}

function outOfOrder(path: Uint8Array): never {
  return fail({
    code: 'TREE_ORDER',
    message: `the source gave ${JSON.stringify(Buffer.from(path).toString('utf8'))} out of tree order or twice; no snapshot was made`,
    origin: 'agent',
    permanent: true,
    hint: 'this is a mistake in the source plugin: report it to whoever maintains it',
  });
}
