import { createHmac, timingSafeEqual } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { Failure } from '../contract/index.ts';
import { Holes } from '../system/index.ts';
import type { FileToCompare, FoundChunks, LocalPiece } from './messages.ts';

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;
const REF_BYTES = 36;
/** A chunk's length stands in the snapshot and may be anything: it is never read in one piece before it is known to be there. */
const WINDOW = new Uint8Array(1024 * 1024);

/** Codes of failures: it is not to be read, or is no regular file; it has changed since it was looked at. */
export const UNREADABLE = 'LOCAL_UNREADABLE';
export const CHANGED = 'LOCAL_CHANGED';

interface Opened {
  readonly descriptor: number;
  readonly size: number;
  /** Of one that takes less room than its size. */
  readonly holes: Holes | undefined;
}

/** A regular file of this host that is only read. Opening never blocks and follows no link. */
export class LocalFile implements Disposable {
  readonly #path: Buffer;
  readonly #opened: Opened | Failure;

  constructor(path: Uint8Array) {
    this.#path = Buffer.from(path.buffer, path.byteOffset, path.byteLength);
    this.#opened = this.#open();
  }

  /** In bytes, as it was when it was opened; or why it cannot be read. */
  get size(): number | Failure {
    return 'descriptor' in this.#opened ? this.#opened.size : this.#opened;
  }

  /** Whether the chunk of this id lies at `offset`. */
  has(id: Uint8Array, offset: number, length: number, idKey: Uint8Array): boolean {
    if (!('descriptor' in this.#opened) || offset < 0 || offset + length > this.#opened.size) return false;
    if (this.#isHole(this.#opened, offset, length)) return timingSafeEqual(zerosId(idKey, length), id);
    const hmac = createHmac('sha256', idKey);
    for (let done = 0; done < length; ) {
      const wanted = Math.min(WINDOW.length, length - done);
      const got = readSync(this.#opened.descriptor, WINDOW, 0, wanted, offset + done);
      if (got === 0) return false;
      hmac.update(WINDOW.subarray(0, got));
      done += got;
    }
    return timingSafeEqual(hmac.digest(), id);
  }

  /** The bytes of the piece, when they are still what they must be. */
  take({ local, length, id }: LocalPiece, idKey: Uint8Array): Uint8Array | Failure {
    if (!('descriptor' in this.#opened)) return this.#opened;
    if (local + length > this.#opened.size) return this.#changed();
    const bytes = new Uint8Array(length);
    try {
      for (let done = 0; done < length; ) {
        const got = readSync(this.#opened.descriptor, bytes, done, length - done, local + done);
        if (got === 0) return this.#changed();
        done += got;
      }
    } catch (error) {
      return this.unreadable(codeOf(error));
    }
    const same = timingSafeEqual(createHmac('sha256', idKey).update(bytes).digest(), id);
    return same ? bytes : this.#changed();
  }

  [Symbol.dispose](): void {
    if ('descriptor' in this.#opened) closeSync(this.#opened.descriptor);
  }

  #isHole({ holes }: Opened, offset: number, length: number): boolean {
    const stretch = holes?.at(offset);
    return stretch?.hole === true && offset + length <= stretch.end;
  }

  #open(): Opened | Failure {
    let descriptor: number;
    try {
      descriptor = openSync(this.#path, FLAGS);
    } catch (error) {
      return this.unreadable(codeOf(error));
    }
    const stats = fstatSync(descriptor);
    if (stats.isFile()) {
      const holes = stats.blocks * 512 < stats.size ? new Holes(descriptor) : undefined; // stat(2): blocks of 512 bytes
      return { descriptor, size: stats.size, holes };
    }
    closeSync(descriptor);
    return this.unreadable('it is no regular file');
  }

  unreadable(why: string): Failure {
    return { ...failure, code: UNREADABLE, message: `${this.#name} could not be read (${why})` };
  }

  #changed(): Failure {
    return { ...failure, code: CHANGED, message: `${this.#name} changed while it was read` };
  }

  get #name(): string {
    return JSON.stringify(this.#path.toString('utf8'));
  }
}

/** Of these many lengths the id of zeros is kept, of one session: a chunker cuts a hole into chunks of one length. */
const ZERO_LENGTHS = 64;
const zeroIds = new Map<number, Uint8Array>();
let zeroKey: Uint8Array = new Uint8Array(0);

/** The id of a chunk that is nothing but zeros: a hole of terabytes is not read to know what is in it. */
function zerosId(idKey: Uint8Array, length: number): Uint8Array {
  if (zeroIds.size >= ZERO_LENGTHS || Buffer.compare(zeroKey, idKey) !== 0) zeroIds.clear();
  zeroKey = idKey;
  const known = zeroIds.get(length);
  if (known !== undefined) return known;
  const hmac = createHmac('sha256', idKey);
  const zeros = new Uint8Array(Math.min(WINDOW.length, length));
  for (let done = 0; done < length; done += zeros.length) hmac.update(zeros.subarray(0, length - done));
  const id = hmac.digest();
  zeroIds.set(length, id);
  return id;
}

/**
 * Looks for chunks of a stored file in a file of this host: each where it is in the stored one, and as far from the end as it is there. So
 * what comes before and what comes after one change is found, wherever that is and whatever it did to the length. `bytes`: how
 * much was looked for.
 */
export function findChunks(
  { path, refs, position, size }: FileToCompare,
  idKey: Uint8Array,
  check: () => void,
): { readonly found: FoundChunks | Failure; readonly bytes: number } {
  using file = new LocalFile(path);
  if (typeof file.size !== 'number') return { found: file.size, bytes: 0 };
  const view = new DataView(refs.buffer, refs.byteOffset, refs.byteLength);
  const found = { at: new Float64Array(refs.length / REF_BYTES).fill(-1), size: file.size };
  const shifts = file.size === size ? [0] : [0, file.size - size];
  let at = position;
  try {
    for (let i = 0; i < found.at.length; i++) {
      check();
      const id = refs.subarray(i * REF_BYTES, i * REF_BYTES + 32);
      const length = view.getUint32(i * REF_BYTES + 32, true);
      const shift = shifts.find((shift) => file.has(id, at + shift, length, idKey));
      if (shift !== undefined) found.at[i] = at + shift;
      // The next chunk most likely lies beside this one.
      if (shift !== undefined && shift !== shifts[0]) shifts.reverse();
      at += length;
    }
  } catch (error) {
    if (!isErrno(error)) throw error;
    return { found: file.unreadable(error.code), bytes: at - position };
  }
  return { found, bytes: at - position };
}

function codeOf(error: unknown): string {
  return isErrno(error) ? error.code : String(error);
}

function isErrno(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}

const failure = { origin: 'source', permanent: false } as const;
