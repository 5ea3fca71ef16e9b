import type { BigIntStats } from 'node:fs';
import type { Json, Meta, PlainContent, SpecialType, Stamp, TreeEntry } from 'holdfast/plugin';
import type { Described } from './extras.ts';
import { bytesOf, type RawPath } from './raw-path.ts';
import type { Found } from './step.ts';

/** Turns what was found into entries of a tree, and counts it. One for each tree: it remembers the names of hard links. */
export class Tree {
  // By device, inode and birth: the first name in tree order, and how many names may still come. Few files have more than one.
  readonly #names = new Map<string, { readonly path: RawPath; left: bigint }>();
  readonly #counts = {
    files: 0,
    bytes: 0,
    folders: 0,
    symlinks: 0,
    hardlinks: 0,
    specials: 0,
    sparse: 0,
    attributes: 0,
  };

  get facts(): { readonly [key: string]: Json } {
    return this.#counts;
  }

  entry(found: Described): TreeEntry {
    const { stats } = found;
    const path = bytesOf(found.path);
    const meta = metaOf(found);
    if (meta.xattrs !== undefined || meta.flags !== undefined) this.#counts.attributes++;
    const earlier = stats.nlink > 1n && !stats.isDirectory() ? this.#earlierName(found) : undefined;
    if (earlier !== undefined) {
      this.#counts.hardlinks++;
      return { path, meta, kind: 'hardlink', target: bytesOf(earlier) };
    }
    if (!stats.isFile()) return { path, meta, ...this.#plain(found) };
    this.#counts.files++;
    this.#counts.bytes += Number(stats.size);
    const plain = found.plain ? ({ plain: true } as const) : {};
    const file = {
      path,
      meta,
      kind: 'file',
      file: bytesOf(found.absolute),
      stamp: fileStamp(stats),
      ...plain,
    } as const;
    if (!isSparse(stats)) return file;
    this.#counts.sparse++;
    return { ...file, sparse: true };
  }

  #plain({ stats, link }: Found): PlainContent {
    if (stats.isDirectory()) {
      this.#counts.folders++;
      return { kind: 'directory' };
    }
    if (link !== undefined) {
      this.#counts.symlinks++;
      return { kind: 'symlink', target: bytesOf(link) };
    }
    this.#counts.specials++;
    return { kind: 'special', type: specialType(stats), ...deviceNumbers(stats.rdev) };
  }

  #earlierName({ path, stats }: Found): RawPath | undefined {
    // A number is given away again as soon as its last name is gone: by another birth, it is another file.
    const inode = `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`;
    const known = this.#names.get(inode);
    if (known === undefined) {
      this.#names.set(inode, { path, left: stats.nlink - 1n });
      return undefined;
    }
    if (--known.left === 0n) this.#names.delete(inode);
    return known.path;
  }
}

function metaOf({ stats, extras }: Described): Meta {
  return {
    mode: Number(stats.mode & 0o7777n),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    mtimeNs: stats.mtimeNs,
    // Node has 0 for a file system that does not say.
    ...(stats.birthtimeNs > 0n ? { birthNs: stats.birthtimeNs } : {}),
    ...(extras?.xattrs === undefined ? {} : { xattrs: extras.xattrs }),
    ...(extras?.flags === undefined ? {} : { flags: extras.flags }),
  };
}

export function fileStamp({ size, mtimeNs, ctimeNs, ino, dev }: BigIntStats): Stamp {
  return { size: Number(size), mtimeNs, ctimeNs, inode: ino, device: dev };
}

/** Whether it takes less room than its size: by holes, or because the file system compresses, which does no harm here. */
export function isSparse({ blocks, size }: BigIntStats): boolean {
  return blocks * 512n < size; // stat(2): of 512 bytes, whatever those of the file system are
}

export function specialType(stats: BigIntStats): SpecialType {
  if (stats.isFIFO()) return 'fifo';
  if (stats.isSocket()) return 'socket';
  return stats.isBlockDevice() ? 'block' : 'char';
}

/** Linux packs them as in <sys/sysmacros.h>: major 12 + 20 bits, minor 8 + 24 bits. */
export function deviceNumbers(device: bigint): { major: number; minor: number } {
  return {
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n)),
    minor: Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n)),
  };
}
