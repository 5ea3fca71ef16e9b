import type { FileCache } from '../catalog/file-cache.ts';
import type { CachedFiles } from '../catalog/folder-record.ts';

/** Files of folders that are kept decoded; bounds memory, some 5 MB. */
const DECODED_FILES = 16_384;

type Files = CachedFiles | undefined;

/** Folders of the cache, by path in Latin-1. Several go through them a little apart from each other: each is decoded once. */
export class CachedFolders {
  readonly #cache: FileCache;
  /** Those decoded last, the oldest first. */
  readonly #decoded = new Map<string, Files>();
  #files = 0;

  constructor(cache: FileCache) {
    this.#cache = cache;
  }

  get(folder: string): Files {
    if (this.#decoded.has(folder)) return this.#decoded.get(folder);
    const files = this.#cache.get(folderBytes(folder));
    this.#decoded.set(folder, files);
    this.#files += sizeOf(files);
    for (const [oldest, kept] of this.#decoded) {
      // The newest stays however large it is: others come to it yet, and would decode it again.
      if (this.#files <= DECODED_FILES || this.#decoded.size === 1) break;
      this.#decoded.delete(oldest);
      this.#files -= sizeOf(kept);
    }
    return files;
  }
}

/** Where somebody is in a tree: a folder and those above it, so that coming back to one does not decode it again. */
export class FolderCursor {
  readonly #folders: CachedFolders;
  readonly #open: { readonly path: string; readonly files: Files }[] = [];

  constructor(folders: CachedFolders) {
    this.#folders = folders;
  }

  files(folder: string): Files {
    let top = this.#open.at(-1);
    while (top !== undefined && !isBelow(folder, top.path)) {
      this.#open.pop();
      top = this.#open.at(-1);
    }
    if (top !== undefined && top.path === folder) return top.files;
    const files = this.#folders.get(folder);
    this.#open.push({ path: folder, files });
    return files;
  }
}

/** Whether a folder is another one, or in it. */
export function isBelow(inner: string, folder: string): boolean {
  return folder === '' || inner === folder || inner.startsWith(`${folder}/`);
}

export function folderBytes(folder: string): Uint8Array {
  return Buffer.from(folder, 'latin1');
}

/** One that has no files, or is not known, takes room too. */
function sizeOf(files: Files): number {
  return 1 + (files?.size ?? 0);
}
