import type { Meta, SpecialType } from '../contract/index.ts';
import { damaged } from './damage.ts';
import { isLinkTarget, KEY, KINDS, totalLength } from './tree-fields.ts';
import { isTreePath } from './tree-order.ts';
import { CHUNK_REF_BYTES, MAX_INLINE_CHUNKS, type TreeRecord } from './tree-record.ts';

const UINT = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const MAP = 5;
const MAX_U32 = 2 ** 32 - 1;
const NS = 1_000_000_000n;

/** While it is being read. */
type Mutable<T> = T extends object ? { -readonly [K in keyof T]: T[K] } : T;

/**
 * Reads entries one behind the other, and refuses whatever `TreeWriter` would not have written: OBJECT_DAMAGED. Byte strings
 * of what it returns are views of the page.
 */
export class TreeReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  read(): TreeRecord {
    const keys = this.#head(MAP);
    this.#key(KEY.path);
    const path = this.#byteString();
    if (!isTreePath(path)) refuse('an entry has a path that no entry can have');
    const kind = KINDS[this.#number(KEY.kind, KINDS.length - 1)] ?? 'directory';
    const meta = this.#meta();
    const record = this.#content(kind, path, meta);
    const left = keys - (meta.xattrs === undefined ? 7 : 8) - contentKeys(kind);
    if (left !== 0) this.#more(record, meta, left);
    return record;
  }

  /** What few entries have, or few file systems tell: `left` keys of it, ascending like all others. */
  #more(record: Mutable<TreeRecord>, meta: Mutable<Meta>, left: number): void {
    let rest = left;
    if (rest >= 2 && this.#bytes[this.#at] === KEY.birthSeconds) {
      meta.birthNs = this.#time(KEY.birthSeconds, KEY.birthNanoseconds);
      rest -= 2;
    }
    if (rest >= 1 && this.#bytes[this.#at] === KEY.flags) {
      meta.flags = this.#number(KEY.flags, MAX_U32) || refuse('flags of an entry are none');
      rest--;
    }
    if (rest === 1 && record.kind === 'file') {
      record.sparse = this.#number(KEY.sparse, 1) === 1 || refuse('a file is sparse or not');
      rest--;
    }
    if (rest !== 0) otherFields();
  }

  #content(kind: (typeof KINDS)[number], path: Uint8Array, meta: Meta): Mutable<TreeRecord> {
    switch (kind) {
      case 'directory':
        return { path, meta, kind };
      case 'file':
        return this.#file(path, meta);
      case 'symlink':
      case 'hardlink': {
        this.#key(KEY.target);
        const target = this.#byteString();
        if (!isLinkTarget(target)) refuse('a link has no target');
        if (kind === 'hardlink' && !isTreePath(target)) refuse('a hard link names no entry');
        return { path, meta, kind, target };
      }
      default:
        return this.#special(kind, path, meta);
    }
  }

  #file(path: Uint8Array, meta: Meta): Mutable<TreeRecord> {
    const size = this.#number(KEY.size, Number.MAX_SAFE_INTEGER);
    const key = this.#byte();
    const list = this.#byteString();
    const total = totalLength(list);
    if (key === KEY.chunks) {
      if (total !== size || list.length > MAX_INLINE_CHUNKS * CHUNK_REF_BYTES) refuse('a chunk list is not one');
      return { path, meta, kind: 'file', size, chunks: list };
    }
    if (key !== KEY.lists || total <= 0 || total % CHUNK_REF_BYTES !== 0) refuse('a file has no content');
    return { path, meta, kind: 'file', size, lists: list };
  }

  #special(type: SpecialType, path: Uint8Array, meta: Meta): Mutable<TreeRecord> {
    const major = this.#number(KEY.major, MAX_U32);
    const minor = this.#number(KEY.minor, MAX_U32);
    return { path, meta, kind: 'special', type, major, minor };
  }

  #meta(): Mutable<Meta> {
    const mode = this.#number(KEY.mode, 0o7777);
    const uid = this.#number(KEY.uid, MAX_U32);
    const gid = this.#number(KEY.gid, MAX_U32);
    const mtimeNs = this.#time(KEY.seconds, KEY.nanoseconds);
    if (this.#bytes[this.#at] !== KEY.xattrs) return { mode, uid, gid, mtimeNs };
    this.#at++;
    return { mode, uid, gid, mtimeNs, xattrs: this.#xattrs() };
  }

  #time(secondsKey: number, nanosecondsKey: number): bigint {
    this.#key(secondsKey);
    const negative = (this.#bytes[this.#at] ?? 0) >> 5 === NEGATIVE;
    const seconds = this.#seconds(negative ? NEGATIVE : UINT);
    const nanoseconds = this.#number(nanosecondsKey, 999_999_999);
    return (negative ? -1n - seconds : seconds) * NS + BigInt(nanoseconds);
  }

  /** The only number that may be beyond 2^53: up to 2^63 - 1, as file systems count. */
  #seconds(major: number): bigint {
    const at = this.#at;
    if (at + 9 > this.#bytes.length || this.#bytes[at] !== ((major << 5) | 27)) return BigInt(this.#head(major));
    const seconds = this.#view.getBigUint64(at + 1);
    if (seconds >> 32n === 0n || seconds >> 63n !== 0n) refuse('a time is not in its shortest form, or none at all');
    this.#at = at + 9;
    return seconds;
  }

  #xattrs(): Record<string, Uint8Array> {
    const xattrs: Record<string, Uint8Array> = {};
    let previous: Uint8Array | undefined;
    // Every pair takes two bytes at least; a count that lies ends at the end of the page, with nothing allocated for it.
    for (let left = this.#head(MAP); left > 0; left--) {
      const name = this.#take(this.#head(TEXT));
      if (previous !== undefined && compareKeys(previous, name) >= 0) refuse('extended attributes are not in order');
      previous = name;
      // Not an assignment: an attribute may be called __proto__.
      Object.defineProperty(xattrs, text(name), {
        value: this.#byteString(),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
    return xattrs;
  }

  #number(key: number, max: number): number {
    this.#key(key);
    const value = this.#head(UINT);
    return value <= max ? value : refuse('a number of an entry is out of its range');
  }

  #byteString(): Uint8Array {
    return this.#take(this.#head(BYTES));
  }

  #take(length: number): Uint8Array {
    const start = this.#at;
    if (length > this.#bytes.length - start) refuse('it is cut short');
    this.#at = start + length;
    return this.#bytes.subarray(start, this.#at);
  }

  #key(key: number): void {
    if (this.#byte() !== key) otherFields();
  }

  #byte(): number {
    return this.#bytes[this.#at++] ?? refuse('it is cut short');
  }

  /** The value in the head of an item of type `major`; only shortest heads are taken, and safe integers. */
  #head(major: number): number {
    const first = this.#byte();
    if (first >> 5 !== major) refuse('a field is of another type');
    const info = first & 31;
    if (info < 24) return info;
    const at = this.#at;
    const length = info < 28 ? 1 << (info - 24) : refuse('an item has no definite length');
    if (length > this.#bytes.length - at) refuse('it is cut short');
    this.#at = at + length;
    const value = this.#argument(at, length);
    const smallest = length === 1 ? 24 : 2 ** (length * 4);
    return value >= smallest && value <= Number.MAX_SAFE_INTEGER
      ? value
      : refuse('a number is not in its shortest form');
  }

  #argument(at: number, length: number): number {
    if (length === 1) return this.#bytes[at] ?? 0;
    if (length === 2) return this.#view.getUint16(at);
    if (length === 4) return this.#view.getUint32(at);
    return this.#view.getUint32(at) * 2 ** 32 + this.#view.getUint32(at + 4);
  }
}

function compareKeys(a: Uint8Array, b: Uint8Array): number {
  return a.length - b.length || Buffer.compare(a, b);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function text(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return refuse('the name of an extended attribute is not text');
  }
}

/** How many keys an entry has for its content, at the least. */
function contentKeys(kind: (typeof KINDS)[number]): number {
  if (kind === 'directory') return 0;
  return kind === 'symlink' || kind === 'hardlink' ? 1 : 2;
}

function otherFields(): never {
  refuse('an entry has other fields than an entry has');
}

export function refuse(reason: string): never {
  damaged('OBJECT_DAMAGED', `A page of a tree is damaged: ${reason}.`);
}
