import type { TreeEntry } from 'holdfast/plugin';

/** Compares two paths in tree order: component by component, byte by byte, a folder before what is in it. */
export function compareInTree(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [x, y] = [a[at] ?? 0, b[at] ?? 0];
    if (x === y) continue;
    if (x === slash) return -1;
    if (y === slash) return 1;
    return x - y;
  }
  return a.length - b.length;
}

const slash = 0x2f;

/** Holds a tree against the contract's `TreeEntry`, entry by entry as they come. */
export class TreeOrder {
  readonly #seen = new Map<string, TreeEntry['kind']>();
  #last: Uint8Array | undefined;

  /** What is wrong with this entry, in words; undefined when nothing is. */
  violation(entry: TreeEntry): string | undefined {
    const path = Buffer.from(entry.path).toString('latin1');
    const last = this.#last;
    this.#last = Buffer.from(entry.path);
    if (path !== '' && path.split('/').some((name) => ['', '.', '..'].includes(name) || name.includes('\0'))) {
      return `${JSON.stringify(path)} is not a plain relative path`;
    }
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (path !== '' && this.#seen.size > 0 && this.#seen.get(parent) !== 'directory') {
      return `${JSON.stringify(path)} comes without the folder it lies in`;
    }
    if (entry.kind === 'hardlink') {
      const target = this.#seen.get(Buffer.from(entry.target).toString('latin1'));
      if (target === undefined || target === 'directory' || target === 'hardlink') {
        return `${JSON.stringify(path)} is a hard link to nothing that came before`;
      }
    }
    this.#seen.set(path, entry.kind);
    if (last !== undefined && compareInTree(last, entry.path) >= 0) return `${JSON.stringify(path)} is out of order`;
    return undefined;
  }
}
