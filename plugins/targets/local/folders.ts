import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './system-error.ts';

/** Makes what was changed in a folder durable. File systems that know no such thing answer one of these, which is no error. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } catch (thrown) {
    if (!['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EBADF', 'EISDIR'].includes(errnoOf(thrown) ?? '')) throw thrown;
  } finally {
    await folder.close();
  }
}

/** The folders below a root, made when they are first needed. */
export class Folders {
  readonly #root: string;
  readonly #ready = new Map<string, Promise<void>>();

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Resolves when `folder` exists and its name is durable. The folder above is synchronised even if `folder` was there:
   * who made it may not have come that far.
   */
  ready(folder: string): Promise<void> {
    if (folder === this.#root) return Promise.resolve();
    const begun = this.#ready.get(folder);
    if (begun !== undefined) return begun;
    const made = this.#make(folder);
    this.#ready.set(folder, made);
    // Forgotten when it failed, so that the next put tries again.
    made.catch(() => this.forget(folder));
    return made;
  }

  forget(folder: string): void {
    this.#ready.delete(folder);
  }

  async #make(folder: string): Promise<void> {
    const above = dirname(folder);
    await this.ready(above);
    try {
      await mkdir(folder, { mode: 0o700 });
    } catch (thrown) {
      if (errnoOf(thrown) !== 'EEXIST') throw thrown;
    }
    await syncFolder(above);
  }
}
