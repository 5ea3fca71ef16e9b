import { mkdir, open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Of file systems that know no such thing, and of folders that may be written to and not be read: nobody can do more. */
const UNSYNCED = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EBADF', 'EISDIR', 'EACCES']);

/**
 * Makes a folder and what is missing above it, so that a power cut leaves their names: what is synced in a folder whose own name is not is
 * lost with it. Of one that is there, the name is synced all the same: who made it may not have come that far.
 */
export async function makeDurableFolder(path: string, mode = 0o777): Promise<void> {
  const folder = resolve(path);
  const first = (await mkdir(folder, { recursive: true, mode })) ?? folder;
  for (let one = folder; one !== dirname(first); one = dirname(one)) await syncFolder(dirname(one));
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
