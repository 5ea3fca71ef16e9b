import { fail, type Meta } from '../contract/index.ts';
import { isLinkTarget, KEY, KINDS, totalLength } from './tree-fields.ts';
import { isTreePath } from './tree-order.ts';
import { CHUNK_REF_BYTES, MAX_INLINE_CHUNKS, type TreeRecord } from './tree-record.ts';

const UINT = 0x00;
const NEGATIVE = 0x20;
const BYTES = 0x40;
const TEXT = 0x60;
const MAP = 0xa0;
/** More than the heads and numbers of any entry take, besides its byte strings. */
const FIXED_BYTES = 192;
const MAX_ENTRY_BYTES = 16 * 1024 * 1024;
const NS = 1_000_000_000n;
const MAX_U32 = 2 ** 32 - 1;

/** Writes entries one behind the other into one buffer that grows when it must. */
export class TreeWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#at;
  }

  /** A copy of the first `end` bytes; what lies behind them becomes the new start. */
  take(end: number): Uint8Array {
    const taken = this.#bytes.slice(0, end);
    this.#bytes.copyWithin(0, end, this.#at);
    this.#at -= end;
    return taken;
  }

  /** Appends an entry; returns the hash of its path. TREE_INVALID, and nothing appended, for what is not an entry. */
  write(record: TreeRecord): number {
    const start = this.#at;
    try {
      return this.#write(record);
    } catch (error) {
      this.#at = start;
      throw error;
    }
  }

  #write(record: TreeRecord): number {
    const { path, meta } = record;
    if (!isTreePath(path)) invalid('a path is absolute, or has an empty, "." or ".." component or a NUL');
    this.#reserve(record);
    this.#bytes[this.#at++] = MAP | (7 + metaKeys(meta) + ownKeys(record));
    this.#bytes[this.#at++] = KEY.path;
    this.#head(BYTES, path.length);
    const hash = this.#copyHashed(path);
    this.#number(KEY.kind, KINDS.indexOf(record.kind === 'special' ? record.type : record.kind), KINDS.length - 1);
    this.#meta(meta);
    this.#content(record);
    this.#more(record);
    return hash;
  }

  #meta(meta: Meta): void {
    this.#number(KEY.mode, meta.mode, 0o7777);
    this.#number(KEY.uid, meta.uid, MAX_U32);
    this.#number(KEY.gid, meta.gid, MAX_U32);
    this.#time(KEY.seconds, KEY.nanoseconds, meta.mtimeNs);
    if (meta.xattrs !== undefined) this.#xattrs(meta.xattrs);
  }

  #content(record: TreeRecord): void {
    switch (record.kind) {
      case 'directory':
        return;
      case 'file':
        this.#number(KEY.size, record.size, Number.MAX_SAFE_INTEGER);
        if ('chunks' in record) this.#byteString(KEY.chunks, checkedChunks(record.chunks, record.size));
        else this.#byteString(KEY.lists, checkedLists(record.lists));
        return;
      case 'symlink':
        if (!isLinkTarget(record.target)) invalid('a symbolic link has no target, or one with a NUL');
        this.#byteString(KEY.target, record.target);
        return;
      case 'hardlink':
        if (record.target.length === 0 || !isTreePath(record.target)) invalid('a hard link names no entry');
        this.#byteString(KEY.target, record.target);
        return;
      case 'special':
        this.#number(KEY.major, record.major, MAX_U32);
        this.#number(KEY.minor, record.minor, MAX_U32);
    }
  }

  /** What few entries have, or few file systems tell. */
  #more(record: TreeRecord): void {
    const { birthNs, flags } = record.meta;
    if (birthNs !== undefined) this.#time(KEY.birthSeconds, KEY.birthNanoseconds, birthNs);
    if (flags === 0) invalid('flags of an entry are none');
    if (flags !== undefined) this.#number(KEY.flags, flags, MAX_U32);
    if (isSparse(record)) this.#number(KEY.sparse, 1, 1);
  }

  /** Floor of the seconds, and the nanoseconds that are left: the same form before 1970 as after. */
  #time(secondsKey: number, nanosecondsKey: number, ns: bigint): void {
    let nanoseconds = Number(ns % NS);
    if (nanoseconds < 0) nanoseconds += 1e9;
    const seconds = (ns - BigInt(nanoseconds)) / NS;
    if (seconds >= 1n << 63n || seconds < -(1n << 63n)) invalid('a time is not one that a file can have');
    this.#bytes[this.#at++] = secondsKey;
    const near = Number(seconds);
    if (!Number.isSafeInteger(near)) this.#farSeconds(seconds);
    else if (near < 0) this.#head(NEGATIVE, -1 - near);
    else this.#head(UINT, near);
    this.#number(nanosecondsKey, nanoseconds, 999_999_999);
  }

  #farSeconds(seconds: bigint): void {
    this.#bytes[this.#at++] = (seconds < 0n ? NEGATIVE : UINT) | 27;
    this.#view.setBigUint64(this.#at, seconds < 0n ? -1n - seconds : seconds);
    this.#at += 8;
  }

  #xattrs(xattrs: NonNullable<Meta['xattrs']>): void {
    const named = Object.entries(xattrs).map(([name, value]) => {
      if (!name.isWellFormed()) invalid('the name of an extended attribute is not well-formed text');
      return { name: Buffer.from(name), value };
    });
    // The order of their encodings: a shorter name has the smaller head.
    named.sort((a, b) => a.name.length - b.name.length || Buffer.compare(a.name, b.name));
    this.#bytes[this.#at++] = KEY.xattrs;
    this.#head(MAP, named.length);
    for (const { name, value } of named) {
      this.#head(TEXT, name.length);
      this.#copy(name);
      this.#head(BYTES, value.length);
      this.#copy(value);
    }
  }

  #number(key: number, value: number, max: number): void {
    if (!(value >= 0 && value <= max && Number.isInteger(value))) invalid('a number of an entry is out of its range');
    this.#bytes[this.#at++] = key;
    this.#head(UINT, value);
  }

  #byteString(key: number, bytes: Uint8Array): void {
    this.#bytes[this.#at++] = key;
    this.#head(BYTES, bytes.length);
    this.#copy(bytes);
  }

  /** The shortest head of a CBOR item, RFC 8949 section 3. `value` is a safe integer ≥ 0. */
  #head(major: number, value: number): void {
    const bytes = this.#bytes;
    if (value < 24) {
      bytes[this.#at++] = major | value;
    } else if (value < 0x100) {
      bytes[this.#at++] = major | 24;
      bytes[this.#at++] = value;
    } else if (value < 0x10000) {
      bytes[this.#at++] = major | 25;
      bytes[this.#at++] = value >>> 8;
      bytes[this.#at++] = value;
    } else if (value <= MAX_U32) {
      bytes[this.#at] = major | 26;
      this.#view.setUint32(this.#at + 1, value);
      this.#at += 5;
    } else {
      bytes[this.#at] = major | 27;
      this.#view.setUint32(this.#at + 1, value / 2 ** 32);
      this.#view.setUint32(this.#at + 5, value);
      this.#at += 9;
    }
  }

  #copy(from: Uint8Array): void {
    this.#bytes.set(from, this.#at);
    this.#at += from.length;
  }

  /** FNV-1a with the finaliser of MurmurHash3: well spread for paths that differ only at their end. */
  #copyHashed(path: Uint8Array): number {
    let hash = 0x811c9dc5;
    for (let i = 0; i < path.length; i++) {
      const byte = path[i] ?? 0;
      this.#bytes[this.#at + i] = byte;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    this.#at += path.length;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) >>> 0;
  }

  /** Makes room for the whole entry at once, so that nothing after it needs to look. */
  #reserve(record: TreeRecord): void {
    let need = FIXED_BYTES + record.path.length;
    if ('chunks' in record) need += record.chunks.length;
    else if ('lists' in record) need += record.lists.length;
    else if ('target' in record) need += record.target.length;
    for (const [name, value] of Object.entries(record.meta.xattrs ?? {})) need += 18 + name.length * 3 + value.length;
    if (need > MAX_ENTRY_BYTES) invalid('an entry has more than 16 MiB');
    if (this.#at + need <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#at + need, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** How many keys an entry has for its content. */
function ownKeys(record: TreeRecord): number {
  if (record.kind === 'directory') return 0;
  if (record.kind === 'file') return isSparse(record) ? 3 : 2;
  return record.kind === 'special' ? 2 : 1;
}

/** How many keys it has for what not every entry has. */
function metaKeys({ xattrs, birthNs, flags }: Meta): number {
  return (xattrs === undefined ? 0 : 1) + (birthNs === undefined ? 0 : 2) + (flags === undefined ? 0 : 1);
}

function isSparse(record: TreeRecord): boolean {
  return record.kind === 'file' && record.sparse === true;
}

function checkedChunks(chunks: Uint8Array, size: number): Uint8Array {
  if (totalLength(chunks) !== size) invalid('the chunks of a file do not add up to its size');
  if (chunks.length > MAX_INLINE_CHUNKS * CHUNK_REF_BYTES)
    invalid(`a file names more than ${MAX_INLINE_CHUNKS} chunks`);
  return chunks;
}

function checkedLists(lists: Uint8Array): Uint8Array {
  const total = totalLength(lists);
  return total > 0 && total % CHUNK_REF_BYTES === 0 ? lists : invalid('the chunk lists of a file are not a list');
}

/** For what a source hands in: the tree is not one that can be kept. */
export function invalid(reason: string): never {
  fail({ code: 'TREE_INVALID', message: `A tree cannot be stored: ${reason}.`, origin: 'source', permanent: true });
}
