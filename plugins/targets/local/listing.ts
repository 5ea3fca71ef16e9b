import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Listed } from 'holdfast/plugin';
import { isComponent } from './object-key.ts';
import { errnoOf } from './system-error.ts';

const LOOKED_AT_ONCE = 32;

/**
 * All objects below the folder `prefix` (empty, or ending in `/`) with keys greater than `after`, in the order of their keys'
 * bytes. What goes away meanwhile is left out.
 */
export async function* listFolder(
  root: string,
  prefix: string,
  after: string,
  signal: AbortSignal,
): AsyncGenerator<Listed> {
  signal.throwIfAborted();
  const names = (await entriesOf(join(root, prefix))).map((entry) => nameInOrder(prefix, entry));
  const wanted = names.filter((name) => mayFollow(name, after)).sort();
  for (let at = 0; at < wanted.length; at += LOOKED_AT_ONCE) {
    const some = wanted.slice(at, at + LOOKED_AT_ONCE);
    const sizes = await Promise.all(some.map((key) => (key.endsWith('/') ? undefined : sizeOf(join(root, key)))));
    for (const [n, key] of some.entries()) {
      const size = sizes[n];
      if (key.endsWith('/')) yield* listFolder(root, key, after, signal);
      else if (size !== undefined) yield { key, size };
    }
  }
}

/** A folder counts as if its name ended in `/`: so siblings in order give keys in order. Keys are ASCII: sort() is by bytes. */
function nameInOrder(prefix: string, entry: Dirent): string {
  return `${prefix}${entry.name}${entry.isDirectory() ? '/' : ''}`;
}

function mayFollow(name: string, after: string): boolean {
  return name > after || (name.endsWith('/') && after.startsWith(name));
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => isComponent(entry.name) && (entry.isFile() || entry.isDirectory()));
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(thrown) ?? '')) return [];
    throw thrown;
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await lstat(path)).size;
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined;
    throw thrown;
  }
}
