import { orderProblem } from './tree-order.ts';
import { refuse, TreeReader } from './tree-reader.ts';
import type { TreeRecord } from './tree-record.ts';
import { invalid, TreeWriter } from './tree-writer.ts';

const MIN_PAGE_BYTES = 64 * 1024;
const TARGET_PAGE_BYTES = 256 * 1024;
const MAX_PAGE_BYTES = 1024 * 1024;

/** A stretch of a tree. `bytes` is the receiver's own; `first` is the path of the first of its `entries`. */
export interface TreePage {
  readonly bytes: Uint8Array;
  readonly first: Uint8Array;
  readonly entries: number;
}

/**
 * Cuts a tree into pages. Where it cuts depends on the paths alone, as far as the sizes allow: a file that comes, goes or
 * changes moves the cuts around it, and all other pages are the same as before.
 */
export class PageWriter {
  readonly #emit: (page: TreePage) => void;
  readonly #writer = new TreeWriter(MAX_PAGE_BYTES + MIN_PAGE_BYTES);
  #first: Uint8Array = new Uint8Array();
  #entries = 0;
  #previous: TreeRecord | undefined;

  constructor(emit: (page: TreePage) => void) {
    this.#emit = emit;
  }

  /** Entries come in tree order; TREE_INVALID for one that does not, or that is not an entry. */
  add(record: TreeRecord): void {
    const problem = orderProblem(this.#previous, record);
    if (problem !== undefined) invalid(problem);
    const start = this.#writer.length;
    const hash = this.#writer.write(record);
    if (start > 0 && isCut(start, this.#writer.length - start, hash)) this.#flush(start);
    if (this.#entries === 0) this.#first = record.path.slice();
    this.#entries++;
    this.#previous = record;
  }

  /** Emits what is left. */
  end(): void {
    if (this.#entries > 0) this.#flush(this.#writer.length);
  }

  #flush(end: number): void {
    const page = { bytes: this.#writer.take(end), first: this.#first, entries: this.#entries };
    this.#entries = 0;
    this.#emit(page);
  }
}

/**
 * Whether a page of `size` bytes ends before an entry of `length` bytes. Beyond the smallest page, every byte is as likely as
 * any other to be where it ends, so long entries do not make long pages.
 */
function isCut(size: number, length: number, hash: number): boolean {
  if (size + length > MAX_PAGE_BYTES) return true;
  return size >= MIN_PAGE_BYTES && hash * (TARGET_PAGE_BYTES - MIN_PAGE_BYTES) < length * 2 ** 32;
}

/** One entry, as it stands in a page. */
export function encodeRecord(record: TreeRecord): Uint8Array {
  const writer = new TreeWriter(512);
  writer.write(record);
  return writer.take(writer.length);
}

/**
 * The entries of a page; their byte strings are views of `bytes`. OBJECT_DAMAGED for all that no PageWriter emits. With
 * `after`, the last entry of the page before, the order is checked across the pages too.
 */
export function decodePage(bytes: Uint8Array, after?: TreeRecord): TreeRecord[] {
  return [...recordsOf(bytes, after)];
}

/** The same, one by one: a page may hold a million entries, and whoever reads them needs one at a time. */
export function* recordsOf(bytes: Uint8Array, after?: TreeRecord): Generator<TreeRecord> {
  if (bytes.length === 0) refuse('it is empty');
  const reader = new TreeReader(bytes);
  let previous = after;
  while (!reader.done) {
    const record = reader.read();
    const problem = orderProblem(previous, record);
    if (problem !== undefined) refuse(problem);
    yield record;
    previous = record;
  }
}
