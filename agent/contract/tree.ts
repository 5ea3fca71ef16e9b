import type { Bytes } from './bytes.ts';
import type { Failure } from './failure.ts';

/** What a file system keeps beside the content. Times are nanoseconds since 1970 (UTC), exact; modes are the low 12 bits. */
export interface Meta {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  /** Extended attributes by name, values as bytes. Absent: none were found or they were not asked for. */
  readonly xattrs?: Readonly<Record<string, Uint8Array>>;
  /** When it was made, where the file system says so. Noted for people: no system lets it be set. */
  readonly birthNs?: bigint;
  /** Inode flags (`chattr`), the bits of Linux's FS_IOC_GETFLAGS in <linux/fs.h>, above 0. Absent: none, or not known. */
  readonly flags?: number;
}

/** By these five a file counts as unchanged. All come from one `lstat`; times in nanoseconds, size in bytes. */
export interface Stamp {
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
  readonly device: bigint;
}

export type SpecialType = 'fifo' | 'socket' | 'char' | 'block';

/** What is the same for an entry on its way in and on its way out. */
export type PlainContent =
  | { readonly kind: 'directory' }
  | { readonly kind: 'symlink'; readonly target: Uint8Array }
  /** Another name of a file that came earlier in the same tree; `target` is that earlier path. */
  | { readonly kind: 'hardlink'; readonly target: Uint8Array }
  | { readonly kind: 'special'; readonly type: SpecialType; readonly major: number; readonly minor: number };

/**
 * An entry as a source hands it in.
 *
 * `path` is relative, its components separated by `/`, raw bytes as the file system has them, never empty except for the
 * root itself (length 0), never with `.`, `..`, an empty component or a NUL.
 * Entries come in *tree order*: a folder before what is in it, siblings by comparing their names byte by byte, and all
 * that is in a folder before its next sibling. The agent refuses a tree that is not in order.
 *
 * `file` is an absolute path that the agent's workers open themselves (O_NOFOLLOW, O_NONBLOCK), so that content never crosses a
 * thread. `data` is for content that has no path; it is read to its end before the next entry is asked for.
 */
export type TreeEntry = { readonly path: Uint8Array; readonly meta: Meta } & (
  | PlainContent
  /**
   * `sparse`: takes less room than its size, so that its zeros come back as holes; others are written out in full.
   * `plain`: whatever is kept beside what `lstat` tells was looked for, all of it, and there is none.
   */
  | {
      readonly kind: 'file';
      readonly file: Uint8Array;
      readonly stamp: Stamp;
      readonly sparse?: true;
      readonly plain?: true;
    }
  | { readonly kind: 'data'; readonly data: Bytes }
);

/** What the agent remembers of the files of a tree, from the run before. */
export interface KnownFiles {
  /**
   * Whether the file was handed in as `plain` when it had this stamp, by somebody who could see no less than whoever runs now: then it still
   * is, since whatever changes that changes its ctime, and a source need not look. Asked in tree order, it costs little.
   */
  isPlain(path: Uint8Array, stamp: Stamp): boolean;
}

/** The entries of a tree, or what makes them of what is known of its files. */
export type TreeEntries = AsyncIterable<TreeEntry> | ((known: KnownFiles) => AsyncIterable<TreeEntry>);

/** What a restored file is given when it is made. Absent fields are left as the system makes them. */
export interface FileAttributes {
  readonly mode: number;
  readonly mtimeNs?: bigint;
  readonly uid?: number;
  readonly gid?: number;
  readonly xattrs?: XattrsToSet;
  /**
   * The system would not set the owner, or took one of the bits off (`code`: the name of its errno): the file stands without it. One
   * without its owner has neither of the bits, nor a capability. Told before the write resolves. Absent: a file whose owner or
   * mode cannot be set is not made.
   */
  lacks?(right: Right, code: string): void;
}

/** Part of what a file lets somebody do. */
export type Right = 'owner' | 'mode' | 'set-user-id' | 'set-group-id';

/** All extended attributes of a new file, what it inherited is taken away, and who is told of those it could not be given. */
export interface XattrsToSet {
  readonly values: Readonly<Record<string, Uint8Array>>;
  /** The system would not take this one (`code`: the name of its errno): the file stands without it. Told before the write resolves. */
  refused(xattr: string, code: string): void;
}

/** What comparing a file of this host with stored content came to. */
export type Compared =
  | { readonly kind: 'same' }
  /** `bytes`: how much of the stored content the file does not have, so that it would have to be fetched. */
  | { readonly kind: 'different'; readonly bytes: number }
  /** It could not be read, or is no regular file. */
  | { readonly kind: 'failed'; readonly failure: Failure };

/** The content of a stored file. Every byte was authenticated and matched against its id before it is handed out. */
export interface StoredContent {
  read(range?: { readonly offset: number; readonly length?: number }): Bytes;
  /**
   * Compares the regular file at the absolute `path` with the content, every byte of it, inside a worker (O_NOFOLLOW, O_NONBLOCK).
   * No content is fetched from a target for that. Rejects only when the snapshot cannot be read. Many may be in flight.
   */
  compare(path: Uint8Array): Promise<Compared>;
  /**
   * Makes a new file at the absolute `path`, where nothing may stand, inside a worker, and resolves to `undefined`, or to the
   * failure after removing what was begun. Content and attributes are complete when the file gets this name (`unfinishedName`
   * until then), so that whatever ends the process, what stands at `path` is whole. Zeros of a sparse entry come back as holes,
   * those of others are written. Many may be in flight.
   *
   * `like` is the absolute path of a file that may have some of the content: what it has is taken from there, matched against its id
   * as all else, and not fetched. It is only read, and may change meanwhile.
   */
  writeTo(
    path: Uint8Array,
    attributes: FileAttributes,
    options?: { readonly like?: Uint8Array },
  ): Promise<Failure | undefined>;
}

/** An entry as it is read back, in tree order. */
export type StoredEntry = { readonly path: Uint8Array; readonly meta: Meta } & (
  | PlainContent
  | { readonly kind: 'file'; readonly size: number; readonly content: StoredContent; readonly sparse?: true }
);
