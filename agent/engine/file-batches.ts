import type { Failure } from '../contract/index.ts';
import type { FileToStore, StoredFiles } from '../workers/messages.ts';
import type { WorkerSession } from '../workers/session.ts';
import { REF_BYTES } from './chunk-lists.ts';
import type { UsedSlots } from './used-slots.ts';

const BATCH_FILES = 256;
const BATCH_BYTES = 16 * 1024 * 1024;

/** What became of one file: its chunks (n × 36 bytes), or why it could not be read. `size` in bytes, as read. */
export type ReadFile =
  | { readonly kind: 'stored'; readonly refs: Uint8Array; readonly size: number; readonly changed: boolean }
  | { readonly kind: 'failed'; readonly failure: Failure };

interface Gathering {
  readonly files: FileToStore[];
  bytes: number;
  readonly stored: Promise<Batch>;
  start(stored: Promise<Batch>): void;
}

interface Batch extends StoredFiles {
  /** Where each file's chunks begin in `refs`, in chunks. */
  readonly starts: Uint32Array;
}

/** Hands files to the workers to be read, many at a time: a message for each would cost more than reading a small file. */
export class FileBatches {
  readonly #o: { session: WorkerSession; artifact: number; used: UsedSlots };
  #open: Gathering | undefined;

  constructor(o: { session: WorkerSession; artifact: number; used: UsedSlots }) {
    this.#o = o;
  }

  /** The batch that is being gathered is large enough to be sent. */
  get full(): boolean {
    return this.#open !== undefined && (this.#open.files.length >= BATCH_FILES || this.#open.bytes >= BATCH_BYTES);
  }

  /** Adds a file to the next batch. What is returned settles some time after that batch was sent: so `send` before waiting for it. */
  add(file: FileToStore): () => Promise<ReadFile> {
    this.#open ??= gathering();
    const { files, stored } = this.#open;
    this.#open.bytes += file.stamp.size;
    const position = files.push(file) - 1;
    return async () => outcomeOf(await stored, position);
  }

  async send(): Promise<void> {
    const batch = this.#open;
    if (batch === undefined) return;
    this.#open = undefined;
    const { session, artifact, used } = this.#o;
    await session.room();
    const reply = session.send({ kind: 'files', artifact, files: batch.files });
    batch.start(
      reply.then(({ stored }) => {
        used.addAll(stored.slots);
        return { ...stored, starts: startsOf(stored.counts) };
      }),
    );
  }
}

function gathering(): Gathering {
  const { promise, resolve } = Promise.withResolvers<Batch>();
  // A failure is seen where a file of it is awaited; until then it must not count as unhandled.
  promise.catch(() => {});
  return { files: [], bytes: 0, stored: promise, start: resolve };
}

function outcomeOf(batch: Batch, position: number): ReadFile {
  const failed = batch.failures.find(({ file }) => file === position);
  if (failed !== undefined) return { kind: 'failed', failure: failed.failure };
  const start = (batch.starts[position] as number) * REF_BYTES;
  const refs = batch.refs.subarray(start, start + (batch.counts[position] as number) * REF_BYTES);
  return { kind: 'stored', refs, size: batch.sizes[position] as number, changed: batch.changed.includes(position) };
}

function startsOf(counts: Uint32Array): Uint32Array {
  const starts = new Uint32Array(counts.length);
  let sum = 0;
  counts.forEach((count, i) => {
    starts[i] = sum;
    sum += count;
  });
  return starts;
}
