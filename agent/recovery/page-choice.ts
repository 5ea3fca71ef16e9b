import type { PageRef } from '../repository/snapshot.ts';
import { compareTreeOrder } from '../repository/tree.ts';

/** What of a tree is looked for. */
export interface Sought {
  /** Paths: they and all that lies below them, and the folders above. One that is empty is the whole tree. */
  readonly places: readonly Uint8Array[];
  /** How many levels below each place count; absent: all of them. */
  readonly depth?: number;
}

/** The numbers of the pages that can hold it, ascending: each page says with which path it begins. */
export function choosePages(pages: readonly PageRef[], { places, depth }: Sought): number[] {
  const chosen = new Set<number>();
  for (const place of places) {
    for (const folder of foldersAbove(place)) add(chosen, pageOf(pages, folder));
    const start = Math.max(0, pageOf(pages, place));
    for (let at = start; at < pages.length; at++) {
      if (at > start && !isWithin((pages[at] as PageRef).first, place)) break;
      if (depth === undefined || !isDeeper(pages, at, levelsOf(place) + depth)) chosen.add(at);
    }
  }
  return [...chosen].sort((a, b) => a - b);
}

/** The number of the page that holds `path` if any does: the last that begins at or before it; -1 when none does. */
export function pageOf(pages: readonly PageRef[], path: Uint8Array): number {
  let [from, to] = [0, pages.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (compareTreeOrder((pages[middle] as PageRef).first, path) <= 0) from = middle + 1;
    else to = middle;
  }
  return from - 1;
}

/** Whether `path` is `folder` or lies below it. */
export function isWithin(path: Uint8Array, folder: Uint8Array): boolean {
  if (folder.length === 0) return true;
  if (path.length < folder.length || (path.length > folder.length && path[folder.length] !== SLASH)) return false;
  return Buffer.compare(path.subarray(0, folder.length), folder) === 0;
}

/** How many names a path has: none for the root. */
export function levelsOf(path: Uint8Array): number {
  if (path.length === 0) return 0;
  let levels = 1;
  for (const byte of path) if (byte === SLASH) levels++;
  return levels;
}

const SLASH = 0x2f;

/** Whether all of a page lies deeper than `levels`: it begins below a folder of that level, and the next page begins there too. */
function isDeeper(pages: readonly PageRef[], at: number, levels: number): boolean {
  const { first } = pages[at] as PageRef;
  const next = pages[at + 1]?.first;
  if (next === undefined || levelsOf(first) <= levels) return false;
  return isWithin(next, firstLevels(first, levels));
}

function firstLevels(path: Uint8Array, levels: number): Uint8Array {
  let end = 0;
  for (let left = levels; left > 0 && end < path.length; left--) {
    const slash = path.indexOf(SLASH, end === 0 ? 0 : end + 1);
    end = slash < 0 ? path.length : slash;
  }
  return path.subarray(0, end);
}

/** The root, and every folder on the way to `path`, without it. */
function* foldersAbove(path: Uint8Array): Generator<Uint8Array> {
  if (path.length === 0) return;
  yield path.subarray(0, 0);
  for (let at = path.indexOf(SLASH); at >= 0; at = path.indexOf(SLASH, at + 1)) yield path.subarray(0, at);
}

function add(chosen: Set<number>, page: number): void {
  if (page >= 0) chosen.add(page);
}
