import type { Bytes } from '../contract/index.ts';
import type { TreeRecord } from '../repository/tree.ts';
import type { ChunkReader } from './chunk-reading.ts';
import { chunksOf, readRange } from './tree-reading.ts';
import type { ReadableSnapshot } from './unlocked-domains.ts';

export type FileRecord = Extract<TreeRecord, { kind: 'file' }>;

/**
 * How content is compared. `chunks`: by the ids of chunks, which is exact. `size and time`: what was cut with other settings or
 * keys has other ids; files of one size and time count as the same, and of those of one size alone it is not known. `content`:
 * then both are read.
 */
export type Comparing = 'chunks' | 'size and time' | 'content';

/** Whether content is the same; `unknown` where only reading it would tell. */
export type Sameness = 'same' | 'other' | 'unknown';

/** Compares content of two snapshots. */
export class ContentComparison {
  readonly comparing: Comparing;
  readonly #before: ChunkReader;
  readonly #after: ChunkReader;
  readonly #oneDomain: boolean;

  /** `read`: read what ids cannot tell. */
  constructor(before: ReadableSnapshot, after: ReadableSnapshot, read: boolean) {
    this.#before = before.domain;
    this.#after = after.domain;
    this.#oneDomain = before.domain === after.domain;
    const exact = this.#oneDomain && cutting(before) === cutting(after);
    this.comparing = exact ? 'chunks' : read ? 'content' : 'size and time';
  }

  /** Whether pages and chunks with one id are the same; those with others need not differ. */
  get sharesIds(): boolean {
    return this.#oneDomain;
  }

  async files(before: FileRecord, after: FileRecord): Promise<Sameness> {
    if (before.size !== after.size) return 'other';
    if (before.size === 0 || (this.#oneDomain && haveSameChunks(before, after))) return 'same';
    if (this.comparing === 'chunks') return 'other';
    if (this.comparing === 'content') return this.streams(before.size, () => this.#readFiles(before, after));
    return before.meta.mtimeNs === after.meta.mtimeNs ? 'same' : 'unknown';
  }

  /** Streams of one size, read through where ids do not tell. */
  async streams(size: number, read: () => Promise<readonly [Bytes, Bytes]>): Promise<Sameness> {
    if (this.comparing === 'chunks') return 'other';
    if (this.comparing !== 'content') return size === 0 ? 'same' : 'unknown';
    const [before, after] = await read();
    return (await areSame(before, after)) ? 'same' : 'other';
  }

  async #readFiles(before: FileRecord, after: FileRecord): Promise<readonly [Bytes, Bytes]> {
    return [
      readRange(this.#before, await chunksOf(this.#before, before), undefined),
      readRange(this.#after, await chunksOf(this.#after, after), undefined),
    ];
  }
}

function haveSameChunks(before: FileRecord, after: FileRecord): boolean {
  if ('chunks' in before) return 'chunks' in after && Buffer.compare(before.chunks, after.chunks) === 0;
  return 'lists' in after && Buffer.compare(before.lists, after.lists) === 0;
}

/** By what content was cut into chunks, as the snapshot says. */
function cutting({ snapshot }: ReadableSnapshot): string {
  const { pipeline } = snapshot.opened.header;
  const chunk = typeof pipeline === 'object' && pipeline !== null && 'chunk' in pipeline ? pipeline['chunk'] : null;
  return JSON.stringify(chunk);
}

/** Whether two streams have the same bytes; what is left of them is not read when they differ. */
async function areSame(one: Bytes, other: Bytes): Promise<boolean> {
  const others = other[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  try {
    for await (const bytes of one) {
      for (let at = 0; at < bytes.length; ) {
        if (rest.length === 0) {
          const next = await others.next();
          if (next.done) return false;
          rest = next.value;
        }
        const length = Math.min(rest.length, bytes.length - at);
        if (Buffer.compare(bytes.subarray(at, at + length), rest.subarray(0, length)) !== 0) return false;
        rest = rest.subarray(length);
        at += length;
      }
    }
    return rest.length === 0 && (await others.next()).done === true;
  } finally {
    await others.return?.();
  }
}
