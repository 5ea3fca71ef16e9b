import { readdirSync, unlinkSync } from 'node:fs';
import { isUnfinished } from 'holdfast/plugin';
import { HeldFolder } from './held-folder.ts';
import { childOf, type RawPath, systemPath } from './raw-path.ts';

/**
 * Removes from the folder at `place` what restores that were killed had not finished in it. It follows no link to the folder, nor any in
 * it. What cannot be removed stays: its name says what it is, and the restore does not need it gone.
 */
export function removeLeftOver(place: RawPath): void {
  const folder = HeldFolder.open(place);
  if (folder === undefined) return;
  try {
    for (const name of namesIn(folder.path).filter(isUnfinished)) unlinkQuietly(childOf(folder.path, name));
  } finally {
    folder.release();
  }
}

/** None of a folder that this user may write to and not list. */
function namesIn(folder: RawPath): string[] {
  try {
    return readdirSync(systemPath(folder), 'latin1');
  } catch {
    return [];
  }
}

function unlinkQuietly(path: RawPath): void {
  try {
    unlinkSync(systemPath(path));
  } catch {
    // Somebody else's, in a folder with the sticky bit; or gone, or a folder of this name.
  }
}
