import type { FileCache } from '../catalog/file-cache.ts';
import { type CachedFile, NOBODY } from '../catalog/folder-record.ts';
import type { KnownFiles, Stamp } from '../contract/index.ts';
import type { ChunkIndex } from '../repository/chunk-index.ts';
import { CachedFolders, FolderCursor, folderBytes, isBelow } from './cached-folders.ts';
import { REF_BYTES } from './chunk-lists.ts';
import type { UsedSlots } from './used-slots.ts';

/** Changes later than this before a file was looked at might carry the same time stamp; nanoseconds. */
const RACY_NS = 200_000_000n;
const RACY_COARSE_NS = 2_000_000_000n;

/** A file whose content is stored. */
export interface Captured {
  readonly stamp: Stamp;
  /** Whether it was handed in as that. */
  readonly plain: boolean;
  readonly chunks: Uint8Array;
  /** `unchanged`: it came from `find`. `read`: the same before and after reading; `unreliable`: not the same. */
  readonly state: 'unchanged' | 'read' | 'unreliable';
}

interface OpenFolder {
  readonly path: string;
  readonly files: Map<string, CachedFile>;
  readonly known: ReadonlyMap<string, CachedFile> | undefined;
  changed: boolean;
}

/**
 * What the last run knew of each file, and what this one will leave to the next. Files are looked up as the tree is walked and
 * recorded later, in the same order, when their content is stored; a folder is written when the records have left it.
 */
export class TreeCache implements KnownFiles {
  readonly #cache: FileCache;
  readonly #index: ChunkIndex;
  readonly #startedNs: bigint;
  readonly #onlooker: number;
  readonly #folders: CachedFolders;
  /** Where the source is, which is ahead of the walk. */
  readonly #asked: FolderCursor;
  readonly #walked: FolderCursor;
  /** Where the records are, which follow the walk. */
  readonly #open: OpenFolder[] = [];
  readonly #seen = new Set<string>();

  /** `onlooker`: who looks at the files. */
  constructor(o: { cache: FileCache; index: ChunkIndex; startedAt: Date; onlooker: number }) {
    this.#cache = o.cache;
    this.#index = o.index;
    this.#onlooker = o.onlooker;
    this.#folders = new CachedFolders(o.cache);
    this.#asked = new FolderCursor(this.#folders);
    this.#walked = new FolderCursor(this.#folders);
    this.#startedNs = BigInt(o.startedAt.getTime()) * 1_000_000n;
  }

  /**
   * The chunks of a file that has not changed since it was stored, if all of them are still there; marks them as used.
   * Undefined: it must be read.
   */
  find(path: Uint8Array, stamp: Stamp, used: UsedSlots): Uint8Array | undefined {
    const { folder, name } = split(path);
    const cached = this.#walked.files(folder)?.get(name);
    if (cached === undefined || !sameStamp(cached, stamp)) return undefined;
    const slots: number[] = [];
    for (let at = 0; at < cached.chunks.length; at += REF_BYTES) {
      const slot = this.#index.find(cached.chunks, at);
      if (slot < 0) return undefined;
      slots.push(slot);
    }
    for (const slot of slots) used.add(slot);
    return cached.chunks;
  }

  isPlain(path: Uint8Array, stamp: Stamp): boolean {
    const { folder, name } = split(path);
    const cached = this.#asked.files(folder)?.get(name);
    return cached !== undefined && cached.plainFor === this.#onlooker && sameStamp(cached, stamp);
  }

  /** Notes a stored file, in tree order. */
  record(path: Uint8Array, { stamp, plain, chunks, state }: Captured): void {
    const { folder, name } = split(path);
    const open = this.#enter(folder);
    if (state === 'unreliable' || (state === 'read' && this.#isRacy(stamp))) {
      open.changed = true;
      return;
    }
    const plainFor = plain ? this.#onlooker : NOBODY;
    if (state === 'read' || open.known?.get(name)?.plainFor !== plainFor) open.changed = true;
    open.files.set(name, { ...stamp, plainFor, chunks });
  }

  /** Writes what the walk left behind; folders that were not seen are forgotten. Call it after the snapshot is committed. */
  commit(): void {
    while (this.#open.length > 0) this.#leave();
    this.#cache.commit(this.#seen);
  }

  /** Drops what was noted: the run made no snapshot. */
  discard(): void {
    this.#open.length = 0;
    this.#cache.discard();
  }

  #enter(folder: string): OpenFolder {
    for (let top = this.#open.at(-1); top !== undefined && !isBelow(folder, top.path); top = this.#open.at(-1))
      this.#leave();
    const top = this.#open.at(-1);
    if (top !== undefined && top.path === folder) return top;
    const opened: OpenFolder = {
      path: folder,
      files: new Map(),
      known: this.#folders.get(folder),
      changed: false,
    };
    this.#open.push(opened);
    this.#seen.add(folder);
    return opened;
  }

  #leave(): void {
    const folder = this.#open.pop();
    if (folder === undefined) return;
    const same = !folder.changed && folder.known?.size === folder.files.size;
    if (!same) this.#cache.replace(folderBytes(folder.path), folder.files);
  }

  /**
   * A file changed so shortly before the walk that a later change could look the same: the next run reads it again. Only the
   * system sets ctime, at every change; mtime may lie in the future for good, and would have the file read by every run.
   */
  #isRacy(stamp: Stamp): boolean {
    const coarse = stamp.ctimeNs % 1_000_000_000n === 0n;
    return stamp.ctimeNs > this.#startedNs - (coarse ? RACY_COARSE_NS : RACY_NS);
  }
}

function sameStamp(a: Stamp, b: Stamp): boolean {
  return (
    a.size === b.size &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs &&
    a.inode === b.inode &&
    a.device === b.device
  );
}

function split(path: Uint8Array): { folder: string; name: string } {
  const text = Buffer.from(path.buffer, path.byteOffset, path.length).toString('latin1');
  const slash = text.lastIndexOf('/');
  return { folder: slash < 0 ? '' : text.slice(0, slash), name: text.slice(slash + 1) };
}
