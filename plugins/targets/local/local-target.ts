import { lstat, statfs, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Capacity, fail, type Host, type Listed, type Range, type Target } from 'holdfast/plugin';
import { claim, type Link, rechristen } from './claim.ts';
import { Folders, syncFolder } from './folders.ts';
import { listFolder } from './listing.ts';
import { holdsSame, openObject, readRange } from './object-file.ts';
import { assertKey, assertPrefix } from './object-key.ts';
import type { LocalOptions } from './options.ts';
import { Root } from './root.ts';
import { errnoOf, failBy } from './system-error.ts';
import { TemporaryFiles } from './temporary-files.ts';

/** Opens the folder, which must be there, and removes what interrupted puts left in it. `link` is for tests. */
export async function openLocalTarget(options: LocalOptions, host: Host, link?: Link): Promise<LocalTarget> {
  const root = await Root.open(options.path);
  const target = new LocalTarget(root, host, link);
  await target.sweep();
  return target;
}

/**
 * Objects as files of their keys' names. A put is: temporary file, write, fsync, link to the final name, fsync of its folder,
 * unlink of the temporary name. So an object is there whole, and durable, or not at all.
 */
export class LocalTarget implements Target {
  readonly #root: Root;
  readonly #host: Host;
  readonly #link: Link | undefined;
  readonly #folders: Folders;
  readonly #temporary: TemporaryFiles;

  constructor(root: Root, host: Host, link?: Link) {
    this.#root = root;
    this.#host = host;
    this.#link = link;
    this.#folders = new Folders(root.path);
    this.#temporary = new TemporaryFiles(root.path, this.#folders);
  }

  async put(
    key: string,
    body: Uint8Array,
    options: { readonly sha256: string; readonly lockUntil?: Date },
  ): Promise<'created' | 'same'> {
    assertKey(key);
    if (options.lockUntil !== undefined) noLocks(key);
    return this.#guard(key, async () => {
      await this.#root.assertPresent();
      const path = join(this.#root.path, key);
      if (await this.#isThere(key, path, body, options.sha256)) return 'same';
      await this.#folders.ready(dirname(path));
      const temporary = await this.#temporary.write(body, options.sha256, this.#host.signal);
      const created = await this.#publish(temporary, path);
      if (!created && !(await this.#isThere(key, path, body, options.sha256))) conflict(key);
      return created ? 'created' : 'same';
    });
  }

  async *get(key: string, range: Range = { offset: 0 }): AsyncGenerator<Uint8Array> {
    assertKey(key);
    const { signal } = this.#host;
    signal.throwIfAborted();
    const object = await this.#guard(key, () => openObject(join(this.#root.path, key)));
    if (object === undefined) {
      await this.#root.assertPresent();
      return absent(key);
    }
    try {
      yield* readRange(object.file, object.size, range, signal);
    } catch (thrown) {
      failBy(thrown, key);
    } finally {
      await object.file.close();
    }
  }

  async *list(prefix: string, after = ''): AsyncGenerator<Listed> {
    assertPrefix(prefix);
    await this.#root.assertPresent();
    try {
      yield* listFolder(this.#root.path, prefix, after, this.#host.signal);
    } catch (thrown) {
      failBy(thrown, `${this.#root.path}/${prefix}`);
    }
  }

  /** The file system's clock: on a network mount that of its server. */
  now(): Promise<Date> {
    return this.#guard(this.#root.path, async () => {
      await this.#root.assertPresent();
      return this.#temporary.clock();
    });
  }

  /** Of the whole file system; `total` leaves out what is reserved for root. */
  capacity(): Promise<Capacity> {
    return this.#guard(this.#root.path, async () => {
      const { bsize, blocks, bfree, bavail } = await statfs(this.#root.path);
      const used = (blocks - bfree) * bsize;
      return { used, total: used + bavail * bsize };
    });
  }

  async delete(key: string): Promise<void> {
    assertKey(key);
    await this.#guard(key, async () => {
      await this.#root.assertPresent();
      const path = join(this.#root.path, key);
      try {
        await unlink(path);
      } catch (thrown) {
        // EISDIR: a folder, which is no object.
        if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(errnoOf(thrown) ?? '')) return;
        throw thrown;
      }
      await syncFolder(dirname(path));
    });
  }

  async move(key: string, to: string): Promise<void> {
    assertKey(key);
    assertKey(to);
    await this.#guard(key, async () => {
      await this.#root.assertPresent();
      const [from, path] = [join(this.#root.path, key), join(this.#root.path, to)];
      if (!(await isFile(from))) absent(key);
      for (const folder of [dirname(path), this.#temporary.folder]) await this.#folders.ready(folder);
      const o = { locks: this.#temporary.folder, signal: this.#host.signal, link: this.#link };
      if (!(await rechristen(from, path, { ...o, synced: () => syncFolder(dirname(path)) }))) conflict(to);
      await syncFolder(dirname(from));
    });
  }

  /** Nothing is held open between calls. */
  async [Symbol.asyncDispose](): Promise<void> {}

  sweep(): Promise<void> {
    return this.#temporary.sweep(this.#host.now());
  }

  /** Whether the key holds `body`, durably. Fails with TARGET_CONFLICT when it holds something else. */
  async #isThere(key: string, path: string, body: Uint8Array, sha256: string): Promise<boolean> {
    const object = await openObject(path);
    if (object === undefined) return false;
    try {
      if (!(await holdsSame(object, body, sha256, this.#host.signal))) conflict(key);
    } finally {
      await object.file.close();
    }
    // Whoever put it may not have come as far as this.
    await this.#folders.ready(dirname(path));
    await syncFolder(dirname(path));
    return true;
  }

  /** Gives a complete file its name, durably; false when the name is taken. */
  async #publish(temporary: string, path: string): Promise<boolean> {
    const folder = dirname(path);
    try {
      if (!(await claim(temporary, path, this.#host.signal, this.#link))) return false;
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOENT') this.#folders.forget(folder);
      throw thrown;
    }
    await syncFolder(folder);
    return true;
  }

  async #guard<T>(where: string, work: () => Promise<T>): Promise<T> {
    this.#host.signal.throwIfAborted();
    try {
      return await work();
    } catch (thrown) {
      if (errnoOf(thrown) === 'ENOENT') await this.#root.assertPresent();
      return failBy(thrown, where);
    }
  }
}

/** What is a link or a folder is no object. */
async function isFile(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isFile();
  } catch (thrown) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(thrown) ?? '')) return false;
    throw thrown;
  }
}

function conflict(key: string): never {
  return fail({
    code: 'TARGET_CONFLICT',
    message: `${key} holds other bytes already`,
    origin: 'target',
    permanent: true,
    hint: 'Objects are written once. If the one there is damaged, `holdfast verify` says so.',
  });
}

function absent(key: string): never {
  return fail({ code: 'OBJECT_MISSING', message: `${key} is not there`, origin: 'target', permanent: true });
}

function noLocks(key: string): never {
  return fail({
    code: 'LOCK_UNSUPPORTED',
    message: `${key} cannot be locked: a folder keeps no object from being removed`,
    origin: 'target',
    permanent: true,
  });
}
