import { type BigIntStats, lstatSync } from 'node:fs';
import type { StoredEntry } from 'holdfast/plugin';
import { fail } from 'holdfast/plugin';
import { reachPath } from 'holdfast/system';
import { errnoOf, restoreFailure } from './failure.ts';
import { bytesOf, type RawPath } from './raw-path.ts';

/** What stands at a place, with nothing followed; undefined when nothing does. */
export function lookAt(place: RawPath, path: RawPath = place): BigIntStats | undefined {
  try {
    using reached = reachPath(bytesOf(place));
    return lstatSync(reached.path, { bigint: true });
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? undefined : fail(restoreFailure(error, path), error);
  }
}

export function kindOf(stands: BigIntStats): StoredEntry['kind'] {
  if (stands.isFile()) return 'file';
  if (stands.isDirectory()) return 'directory';
  return stands.isSymbolicLink() ? 'symlink' : 'special';
}

/**
 * By this something counts as still the same. Of a folder only that it is the same one: its time changes with everything in it. Not
 * the time of the last change of attributes, which a file gets when another of its names goes.
 */
export function stampOf(stands: BigIntStats): string {
  const { dev, ino, size, mtimeNs } = stands;
  return stands.isDirectory() ? `${dev}:${ino}` : `${dev}:${ino}:${size}:${mtimeNs}`;
}

/** Names one file, whatever its names are. */
export function inodeOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}
