import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Chunker, Failure, Stamp } from '../contract/index.ts';
import { throwIfCancelled } from './cancelling.ts';
import { type ChunkStore, cutChunk, type RefList } from './chunk-store.ts';
import { book, type Counters } from './counters.ts';
import type { FileToStore } from './messages.ts';

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
const READ_AHEAD = 1024 * 1024;

export interface FileReaderOptions {
  readonly chunker: Chunker;
  readonly store: ChunkStore;
  readonly control: Int32Array;
}

export type FileOutcome =
  | { readonly kind: 'stored'; readonly size: number; readonly changed: boolean }
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * Reads one file at a time into a window, and stores its chunks. Opening never blocks (a FIFO that took the place of a file)
 * and never follows a link (a symlink that did).
 */
export class FileReader {
  readonly #o: FileReaderOptions;
  readonly #window: Uint8Array;

  constructor(options: FileReaderOptions) {
    this.#o = options;
    this.#window = new Uint8Array(options.chunker.maxBytes + READ_AHEAD);
  }

  /** Stores the file's chunks into `refs`. Only failures of this file are returned; any other is thrown. */
  read(file: FileToStore, refs: RefList, counters: Counters): FileOutcome {
    const before = refs.count;
    let fd: number;
    try {
      fd = openSync(Buffer.from(file.path.buffer, file.path.byteOffset, file.path.byteLength), FLAGS);
    } catch (error) {
      return { kind: 'failed', failure: fileFailure(file, error) };
    }
    try {
      const opened = fstatSync(fd, { bigint: true });
      if (!opened.isFile())
        return { kind: 'failed', failure: replaced(file, 'was a file when it was listed and is none now') };
      if (isAnothers(file, opened))
        return {
          kind: 'failed',
          failure: replaced(file, 'was replaced by a file of another owner or mode after it was listed'),
        };
      const size = this.#readAll(fd, file, refs, counters);
      if (typeof size !== 'number') {
        refs.truncate(before);
        return { kind: 'failed', failure: size };
      }
      const same = isUnchanged(file.stamp, opened) && isUnchanged(file.stamp, fstatSync(fd, { bigint: true }));
      return { kind: 'stored', size, changed: !same || size !== file.stamp.size };
    } finally {
      closeSync(fd);
    }
  }

  #readAll(fd: number, file: FileToStore, refs: RefList, counters: Counters): number | Failure {
    const { chunker, store, control } = this.#o;
    const window = this.#window;
    let filled = 0;
    let size = 0;
    let ended = false;
    while (!ended || filled > 0) {
      while (!ended && filled < window.length) {
        // One byte more than is expected, so that the end of a file of the expected size shows in the same call.
        const wanted = Math.min(window.length - filled, Math.max(file.stamp.size - size + 1, READ_AHEAD / 16));
        const startedAt = performance.now();
        let got: number;
        try {
          got = readSync(fd, window, filled, wanted, null);
        } catch (error) {
          return fileFailure(file, error);
        }
        book(counters.stages.read, startedAt, got, got);
        filled += got;
        size += got;
        // A short read is the end only where the end is expected: some file systems give less than was asked for.
        ended = got === 0 || (got < wanted && size >= file.stamp.size);
      }
      filled = this.#storeWindow(window, filled, ended, chunker, store, refs, counters);
      throwIfCancelled(control);
    }
    return size;
  }

  /** Stores all whole chunks of the window and moves the rest to its front; returns how much is left. */
  #storeWindow(
    window: Uint8Array,
    filled: number,
    ended: boolean,
    chunker: Chunker,
    store: ChunkStore,
    refs: RefList,
    counters: Counters,
  ): number {
    let at = 0;
    while (at < filled) {
      if (!ended && filled - at < chunker.maxBytes) break;
      const length = cutChunk(chunker, window.subarray(at, filled), ended, counters);
      store.store('data', window.subarray(at, at + length), refs, counters);
      at += length;
    }
    if (at < filled) window.copyWithin(0, at, filled);
    return filled - at;
  }
}

function isUnchanged(stamp: Stamp, now: { ino: bigint; size: bigint; mtimeNs: bigint; ctimeNs: bigint }): boolean {
  return (
    stamp.inode === now.ino &&
    stamp.size === Number(now.size) &&
    stamp.mtimeNs === now.mtimeNs &&
    stamp.ctimeNs === now.ctimeNs
  );
}

/**
 * Whether another file took the place of the one that was listed, and not as a program does that renews its file. Whoever may
 * write in a folder above can put a link in its place after the walk: what root alone may read would be stored, and restored,
 * as a file that this user may read.
 */
function isAnothers({ stamp, owner }: FileToStore, now: BigIntStats): boolean {
  if (stamp.inode === now.ino && stamp.device === now.dev) return false;
  const sameOwner = owner.uid === Number(now.uid) && owner.gid === Number(now.gid);
  return !sameOwner || owner.mode !== Number(now.mode & 0o7777n);
}

function replaced(file: FileToStore, how: string): Failure {
  return {
    code: 'SOURCE_REPLACED',
    message: `${printable(file.path)} ${how}`,
    origin: 'source',
    permanent: false,
  };
}

const CODES: Readonly<Record<string, string>> = {
  ENOENT: 'SOURCE_VANISHED',
  ENOTDIR: 'SOURCE_VANISHED',
  EACCES: 'SOURCE_DENIED',
  EPERM: 'SOURCE_DENIED',
  ELOOP: 'SOURCE_REPLACED',
  ENXIO: 'SOURCE_REPLACED',
};

/** Running out of descriptors or memory is this process's failure, not the file's, and ends the run. */
function fileFailure(file: FileToStore, error: unknown): Failure {
  const { code = 'EUNKNOWN' } = error as NodeJS.ErrnoException;
  if (code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM') throw error;
  const vanished = CODES[code] === 'SOURCE_VANISHED';
  return {
    code: CODES[code] ?? 'SOURCE_IO',
    message: `${printable(file.path)} ${vanished ? 'vanished before it was read' : `could not be read (${code})`}`,
    origin: 'source',
    permanent: false,
    ...(CODES[code] === 'SOURCE_DENIED' ? { hint: 'run as a user who may read it, or exclude it' } : {}),
  };
}

function printable(path: Uint8Array): string {
  return JSON.stringify(Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString('utf8'));
}
