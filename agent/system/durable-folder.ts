import { mkdir, open, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Of file systems that know no such thing, and of folders that may be written to and not be read: nobody can do more. */
const UNSYNCED = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EBADF', 'EISDIR', 'EACCES']);

/**
 * Makes a folder and what is missing above it, so that a power cut leaves their names: what is synced in a folder whose own name is not is
 * lost with it. Of one that is there, the name is synced all the same: who made it may not have come that far.
 */
export async function makeDurableFolder(path: string, mode = 0o777): Promise<void> {
  const folder = resolve(path);
  const first = (await makeMissing(folder, mode)) ?? folder;
  for (let one = folder; one !== dirname(first); one = dirname(one)) await syncFolder(dirname(one));
}

/**
 * The topmost folder that had to be made; undefined where all were there. One after the other: the recursive mkdir of Node tries for ever
 * where a folder is there and takes none, as /proc does.
 */
async function makeMissing(folder: string, mode: number): Promise<string | undefined> {
  if (await isFolder(folder)) return undefined;
  const above = dirname(folder);
  const first = above === folder ? undefined : await makeMissing(above, mode);
  try {
    await mkdir(folder, { mode });
    return first ?? folder;
  } catch (error) {
    // Somebody else made it meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && (await isFolder(folder))) return first;
    throw error;
  }
}

/** Not where it cannot be looked at: then it cannot be made either, and the system says why. */
async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, 'r');
    await folder.sync();
  } catch (error) {
    if (!UNSYNCED.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
