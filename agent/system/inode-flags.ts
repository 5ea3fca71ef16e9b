/**
 * Inode flags, the bits of FS_IOC_GETFLAGS (linux/fs.h, ioctl_iflags(2)), by the letter that chattr(1) and lsattr(1) have for them.
 * These are the ones that somebody sets and that mean something on another file system. How a file is laid out (extents, indexed
 * folders), and what needs more than the flag (encryption, verity), is the file system's own business.
 */
export const INODE_FLAGS = {
  s: 0x1, // secure deletion
  u: 0x2, // undeletable
  c: 0x4, // compressed
  S: 0x8, // synchronous updates
  i: 0x10, // immutable
  a: 0x20, // append only
  d: 0x40, // not dumped
  A: 0x80, // no atime
  m: 0x400, // not compressed
  j: 0x4000, // data journalled
  t: 0x8000, // no tail-merging
  D: 0x1_0000, // synchronous folder
  T: 0x2_0000, // top of a hierarchy
  C: 0x80_0000, // no copy on write
  x: 0x200_0000, // direct access
  P: 0x2000_0000, // project hierarchy
  F: 0x4000_0000, // names without upper and lower case
} as const;

type Letter = keyof typeof INODE_FLAGS;

/** What of a file's flags is kept. */
export const KEPT_FLAGS: number = Object.values(INODE_FLAGS).reduce((all, flag) => all | flag, 0);

/** With one of these, nothing about the inode can be changed any more: not even by root, until the flag is taken away. */
export const LOCKING_FLAGS: number = INODE_FLAGS.i | INODE_FLAGS.a;

/** `ai`, in chattr's order of bits, for the flags that have a letter. */
export function flagLetters(flags: number): string {
  return letters.filter((letter) => (flags & INODE_FLAGS[letter]) !== 0).join('');
}

/** The flags in a column of lsattr(1): `----i---------e-------`. */
export function flagsOfLetters(column: string): number {
  return letters.reduce((flags, letter) => (column.includes(letter) ? flags | INODE_FLAGS[letter] : flags), 0);
}

const letters = Object.keys(INODE_FLAGS) as Letter[];
