import { readdirSync, unlinkSync } from 'node:fs';
import { isUnfinished } from 'holdfast/plugin';
import { errnoOf } from './failure.ts';
import { HeldFolder } from './held-folder.ts';
import { childOf, type RawPath, systemPath } from './raw-path.ts';

/**
 * The names of what restores that were killed had not finished in the folder at `place`. It follows no link to the folder. None of a
 * folder that this user may write to and not list.
 */
export function leftOver(place: RawPath): RawPath[] {
  return inFolder(place, (names) => names);
}

/**
 * Removes it, and returns the names of what is gone. What cannot be removed stays: its name says what it is, and the restore does not
 * need it gone.
 */
export function removeLeftOver(place: RawPath): RawPath[] {
  return inFolder(place, (names, folder) => names.filter((name) => unlinked(childOf(folder, name))));
}

function inFolder(place: RawPath, chosen: (names: RawPath[], folder: RawPath) => RawPath[]): RawPath[] {
  const folder = HeldFolder.open(place);
  if (folder === undefined) return [];
  try {
    const names = namesIn(folder.path).filter((name) => isUnfinished(name, folder.inode));
    return chosen(names, folder.path);
  } finally {
    folder.release();
  }
}

function namesIn(folder: RawPath): RawPath[] {
  try {
    return readdirSync(systemPath(folder), 'latin1');
  } catch (error) {
    if (['EACCES', 'EPERM'].includes(errnoOf(error))) return [];
    throw error;
  }
}

function unlinked(path: RawPath): boolean {
  try {
    unlinkSync(systemPath(path));
    return true;
  } catch {
    return false; // somebody else's, in a folder with the sticky bit; or gone, or a folder of this name
  }
}
