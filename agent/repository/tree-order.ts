import type { TreeRecord } from './tree-record.ts';

const SLASH = 0x2f;
const DOT = 0x2e;

/**
 * The order of a tree: component by component, bytes as numbers, a folder before what is in it. That is the order of the
 * bytes with "/" below all others. Negative, zero or positive, as for a sort.
 */
export function compareTreeOrder(a: Uint8Array, b: Uint8Array): number {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    if (x === y) continue;
    if (x === SLASH) return -1;
    if (y === SLASH) return 1;
    return x - y;
  }
  return a.length - b.length;
}

/** Whether `path` may stand in a tree: empty for the root, else components that are not empty, ".", ".." and have no NUL. */
export function isTreePath(path: Uint8Array): boolean {
  let start = 0;
  for (let i = 0; i < path.length; i++) {
    const byte = path[i];
    if (byte === 0) return false;
    if (byte !== SLASH) continue;
    if (!isName(path, start, i)) return false;
    start = i + 1;
  }
  return path.length === 0 || isName(path, start, path.length);
}

function isName(path: Uint8Array, start: number, end: number): boolean {
  if (path[start] !== DOT) return end > start;
  return end - start > 2 || (end - start === 2 && path[start + 1] !== DOT);
}

/**
 * What is wrong with `record` coming directly after `previous`, in words; undefined when nothing is. Whatever lies in a
 * folder follows it at once in tree order, so looking at the neighbour is enough to see that only folders hold entries.
 */
export function orderProblem(previous: TreeRecord | undefined, record: TreeRecord): string | undefined {
  const { path } = record;
  if (record.kind === 'hardlink' && compareTreeOrder(record.target, path) >= 0) {
    return 'a hard link names an entry that does not come before it';
  }
  if (path.length === 0 && record.kind !== 'directory') return 'the root is not a folder';
  if (previous === undefined) return undefined;
  if (compareTreeOrder(previous.path, path) >= 0) return 'its entries are not in order';
  if (previous.kind !== 'directory' && isBelow(path, previous.path)) return 'an entry lies below one that is no folder';
  return undefined;
}

function isBelow(path: Uint8Array, folder: Uint8Array): boolean {
  if (path[folder.length] !== SLASH) return false;
  for (let i = 0; i < folder.length; i++) if (path[i] !== folder[i]) return false;
  return true;
}
