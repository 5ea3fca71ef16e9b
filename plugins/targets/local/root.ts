import { mkdir, realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fail } from 'holdfast/plugin';
import { syncFolder } from './folders.ts';
import { errnoOf, failBy } from './system-error.ts';

/** Makes the folder, private to this user, and what is missing above it, durably. One that is there is left as it is. */
export async function createRoot(path: string): Promise<void> {
  const root = resolve(path);
  try {
    const first = await mkdir(root, { recursive: true, mode: 0o700 });
    if (first === undefined) return;
    for (let folder = root; folder !== dirname(first); folder = dirname(folder)) await syncFolder(dirname(folder));
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno === 'EEXIST' || errno === 'ENOTDIR') missing(root, 'is not a folder');
    failBy(thrown, root);
  }
}

/**
 * The folder of a target as it was when the target was opened. A mount that goes away leaves the empty folder below it, in
 * which a backup must not land: so before every write it is looked at again.
 */
export class Root {
  readonly path: string;
  readonly #device: bigint;
  readonly #inode: bigint;

  private constructor(path: string, device: bigint, inode: bigint) {
    this.path = path;
    this.#device = device;
    this.#inode = inode;
  }

  static async open(path: string): Promise<Root> {
    const { dev, ino } = await statFolder(path);
    return new Root(await realpath(path), dev, ino);
  }

  /** Fails with TARGET_MISSING when another folder, or none, has taken the place of the one that was opened. */
  async assertPresent(): Promise<void> {
    const { dev, ino } = await statFolder(this.path);
    if (dev !== this.#device || ino !== this.#inode) missing(this.path, 'is no longer the folder it was');
  }
}

async function statFolder(path: string) {
  try {
    const found = await stat(path, { bigint: true });
    return found.isDirectory() ? found : missing(path, 'is not a folder');
  } catch (thrown) {
    const errno = errnoOf(thrown);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return missing(path, 'is not there', thrown);
    return failBy(thrown, path);
  }
}

function missing(path: string, why: string, cause?: unknown): never {
  return fail(
    {
      code: 'TARGET_MISSING',
      message: `${path} ${why}`,
      origin: 'target',
      permanent: true,
      hint: 'Mount it first. `holdfast init` makes it only where there never was one.',
    },
    cause,
  );
}
