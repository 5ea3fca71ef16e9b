import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type Chunker, type Failure, fail, printablePath, type Stamp } from '../contract/index.ts';
import { errnoOf, Holes, reachPath } from '../system/index.ts';
import { throwIfCancelled } from './cancelling.ts';
import { type ChunkStore, cutChunk, type RefList } from './chunk-store.ts';
import { book, type Counters } from './counters.ts';
import { cutLength } from './cutting.ts';
import type { FileToStore } from './messages.ts';

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
const READ_AHEAD = 1024 * 1024;
/** Chunks of a hole between two looks at the cancel flag. */
const BREATH = 1024;

export interface FileReaderOptions {
  readonly chunker: Chunker;
  readonly store: Pick<ChunkStore, 'store' | 'storeNamed' | 'idOf'>;
  readonly control: Int32Array;
}

export type FileOutcome =
  | { readonly kind: 'stored'; readonly size: number; readonly changed: boolean }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** A chunk of zeros as long as the chunker cuts them. */
interface ZeroChunk {
  readonly bytes: Uint8Array;
  readonly id: Uint8Array;
}

/** A file that is being read. */
interface Open {
  readonly descriptor: number;
  readonly file: FileToStore;
  /** Where reading ends: its size when it was opened. */
  readonly limit: number;
  readonly holes: Holes | undefined;
}

/**
 * Reads one file at a time into a window, and stores its chunks. Opening never blocks (a FIFO that took the place of a file)
 * and never follows a link (a symlink that did). A file that grows meanwhile is read to where it ended when it was opened, so that
 * a log that is written faster than it is read has an end too; one that shrinks, to where it ends now.
 */
export class FileReader {
  readonly #o: FileReaderOptions;
  readonly #window: Uint8Array;
  #zero: ZeroChunk | undefined;

  constructor(options: FileReaderOptions) {
    this.#o = options;
    this.#window = new Uint8Array(options.chunker.maxBytes + READ_AHEAD);
  }

  /** Stores the file's chunks into `refs`. Only failures of this file are returned; any other is thrown. */
  read(file: FileToStore, refs: RefList, counters: Counters): FileOutcome {
    const before = refs.count;
    let descriptor: number;
    try {
      descriptor = openQuietly(file);
    } catch (error) {
      return { kind: 'failed', failure: fileFailure(file, error) };
    }
    try {
      const opened = fstatSync(descriptor, { bigint: true });
      if (!opened.isFile())
        return { kind: 'failed', failure: replaced(file, 'was a file when it was listed and is none now') };
      if (isAnothers(file, opened))
        return {
          kind: 'failed',
          failure: replaced(file, 'was replaced by a file of another owner or mode after it was listed'),
        };
      // What has no size may have content all the same: below /proc, and on mounts that make it up. A window of it is read.
      const limit = Number(opened.size) || this.#window.length;
      const holes = file.sparse ? new Holes(descriptor) : undefined;
      let size = this.#readAll({ descriptor, file, limit, holes }, refs, counters);
      let after = fstatSync(descriptor, { bigint: true });
      if (holes !== undefined && typeof size === 'number' && after.size < size) {
        // What was cut off meanwhile looks like a hole. What is left is read.
        refs.truncate(before);
        size = this.#readAll({ descriptor, file, limit: Number(after.size), holes: undefined }, refs, counters);
        after = fstatSync(descriptor, { bigint: true });
      }
      if (typeof size !== 'number') {
        refs.truncate(before);
        return { kind: 'failed', failure: size };
      }
      const same = isUnchanged(file.stamp, opened) && isUnchanged(file.stamp, after);
      return { kind: 'stored', size, changed: !same || size !== file.stamp.size };
    } finally {
      closeSync(descriptor);
    }
  }

  #readAll(open: Open, refs: RefList, counters: Counters): number | Failure {
    const { chunker, store, control } = this.#o;
    const window = this.#window;
    let filled = 0;
    let size = 0;
    let ended = false;
    while (!ended || filled > 0) {
      const skipped = this.#skipHole(open, size - filled, refs, counters);
      if (skipped > 0) {
        size += skipped - filled;
        filled = 0;
      }
      while (!ended && filled < window.length) {
        const got = this.#fill(open, filled, size, counters);
        if (typeof got !== 'number') return got;
        filled += got;
        size += got;
        ended = got === 0 || size >= open.limit;
      }
      filled = this.#storeWindow(window, filled, ended, chunker, store, refs, counters);
      throwIfCancelled(control);
    }
    return size;
  }

  /** Puts what is at `position` of the file into the window, at `filled`; returns how much, 0 at its end. */
  #fill(
    { descriptor, file, limit, holes }: Open,
    filled: number,
    position: number,
    counters: Counters,
  ): number | Failure {
    const stretch = holes?.at(position);
    const wanted = Math.min(this.#window.length - filled, limit - position, (stretch?.end ?? limit) - position);
    if (stretch?.hole) {
      this.#window.fill(0, filled, filled + wanted);
      return wanted;
    }
    const startedAt = performance.now();
    try {
      const got = readSync(descriptor, this.#window, filled, wanted, position);
      book(counters.stages.read, startedAt, got, got);
      return got;
    } catch (error) {
      return fileFailure(file, error);
    }
  }

  /**
   * Stores the chunks of a hole that the chunk beginning at `start` lies in whole, without reading, cutting or naming them again: what
   * a chunker makes of zeros depends on nothing else. Returns how many bytes that was.
   */
  #skipHole({ holes, limit }: Open, start: number, refs: RefList, counters: Counters): number {
    const stretch = holes?.at(start);
    const { chunker, store, control } = this.#o;
    if (!stretch?.hole) return 0;
    const end = Math.min(stretch.end, limit);
    let skipped = 0;
    for (let n = 1; end - start - skipped >= chunker.maxBytes; n++) {
      this.#zero ??= zeroChunk(chunker, store);
      store.storeNamed('data', this.#zero.bytes, this.#zero.id, refs, counters);
      skipped += this.#zero.bytes.length;
      if (n % BREATH === 0) throwIfCancelled(control);
    }
    return skipped;
  }

  /** Stores all whole chunks of the window and moves the rest to its front; returns how much is left. */
  #storeWindow(
    window: Uint8Array,
    filled: number,
    ended: boolean,
    chunker: Chunker,
    store: FileReaderOptions['store'],
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

function zeroChunk(chunker: Chunker, store: FileReaderOptions['store']): ZeroChunk {
  const zeros = new Uint8Array(chunker.maxBytes);
  const bytes = zeros.subarray(0, cutLength(chunker, zeros, false));
  return { bytes, id: store.idOf(bytes) };
}

/** Opens it without changing when it was last read, where the system lets whoever owns it do so. */
function openQuietly({ path, owner }: FileToStore): number {
  using reached = reachPath(path);
  const mine = [0, owner.uid].includes(process.geteuid?.() ?? -1);
  if (!mine || constants.O_NOATIME === undefined) return openSync(reached.path, FLAGS);
  try {
    return openSync(reached.path, FLAGS | constants.O_NOATIME);
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') throw error;
    return openSync(reached.path, FLAGS); // root of a user namespace, or of another machine
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
    message: `${printablePath(file.path)} ${how}`,
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
  if (code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM') short(file, code, error);
  const vanished = CODES[code] === 'SOURCE_VANISHED';
  return {
    code: CODES[code] ?? 'SOURCE_IO',
    message: `${printablePath(file.path)} ${vanished ? 'vanished before it was read' : `could not be read (${code})`}`,
    origin: 'source',
    permanent: false,
    ...(CODES[code] === 'SOURCE_DENIED' ? { hint: 'run as a user who may read it, or exclude it' } : {}),
  };
}

function short(file: FileToStore, code: string, cause: unknown): never {
  const hint =
    code === 'ENOMEM'
      ? 'give this host more memory or swap, or lift the limit of the process'
      : 'let the process have more open files: `ulimit -n 1024`, or LimitNOFILE= in its systemd unit';
  const message = `${printablePath(file.path)} could not be opened or read (${code})`;
  fail({ code: 'RESOURCES_SHORT', message, origin: 'agent', permanent: false, hint }, cause);
}
