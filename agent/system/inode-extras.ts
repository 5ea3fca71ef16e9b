/** What a file system keeps of an inode beside its content and what stat(2) tells. */
export interface InodeExtras {
  /** Extended attributes by name, ACLs and capabilities among them. */
  readonly xattrs?: Readonly<Record<string, Uint8Array>>;
  /** Inode flags, of those in KEPT_FLAGS; above 0. */
  readonly flags?: number;
}

/** Something that could not be read or set. */
export interface Trouble {
  /** An extended attribute by its name (for people, where it is not text), all of them, or the flags. */
  readonly what: { readonly xattr: string } | 'xattrs' | 'flags';
  /** The name of the errno, or what a tool said. */
  readonly code: string;
}

export interface ReadExtras extends InodeExtras {
  readonly troubles: readonly Trouble[];
}

/** An inode to be read. `holder`: a regular file or folder, which alone have flags. */
export interface InodeToRead {
  /** Absolute, or through a descriptor of this process. */
  readonly path: Uint8Array;
  readonly holder: boolean;
}

export interface WantedExtras {
  readonly xattrs: boolean;
  readonly flags: boolean;
}

/** Attributes to be set on what stands in a folder. */
export interface InodeToSet extends InodeExtras {
  /** Absolute, or a descriptor of this process as a path. */
  readonly folder: Uint8Array;
  readonly name: Uint8Array;
}

/** Reads and sets what Node has no calls for. Links are never followed. */
export interface ExtrasAccess {
  /** `libc`: by calls of the C library. `tools`: by getfattr(1), setfattr(1), lsattr(1) and chattr(1), a process for many files. */
  readonly by: 'libc' | 'tools';
  /** What is not there to work with, each once, as a sentence: known after the first call that needed it. */
  readonly missing: ReadonlyMap<'xattrs' | 'flags', string>;
  /** In the order of `inodes`; undefined for one that has nothing beyond the ordinary. */
  read(inodes: readonly InodeToRead[], wanted: WantedExtras): Promise<readonly (ReadExtras | undefined)[]>;
  /**
   * Gives them these attributes and, as `libc`, no others (see `setXattrs`); these flags, and by `tools` perhaps others. What is absent is
   * left as it is. In the order of `inodes`: what could not be set.
   */
  set(inodes: readonly InodeToSet[]): Promise<readonly (readonly Trouble[])[]>;
}
