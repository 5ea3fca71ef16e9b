import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from 'holdfast/plugin';
import type { Folders } from './folders.ts';

const SLICE_BYTES = 2 ** 20;
const LEFT_OVER_MS = 24 * 3_600_000;

/**
 * Files on their way to becoming objects. They lie in `tmp/`, on the file system of the objects, and begin with `~`, which no key
 * contains: so they are never listed, and `tmp/` stays a folder for keys like any other.
 */
export class TemporaryFiles {
  readonly folder: string;
  readonly #folders: Folders;

  constructor(root: string, folders: Folders) {
    this.folder = join(root, 'tmp');
    this.#folders = folders;
  }

  /**
   * Writes `body` to a new file and makes it durable. Fails with DIGEST_MISMATCH when it is not what `sha256` says. Whatever
   * fails, the file is removed again.
   */
  async write(body: Uint8Array, sha256: string, signal: AbortSignal): Promise<string> {
    const { path, file } = await this.#make();
    try {
      try {
        const digest = await writeAll(file, body, signal);
        if (digest !== sha256) mismatch(digest, sha256);
        await file.sync();
      } finally {
        await file.close();
      }
      return path;
    } catch (thrown) {
      await removeQuietly(path);
      throw thrown;
    }
  }

  /** The time that the file system gives a file made now: on a network mount, its server's. */
  async clock(): Promise<Date> {
    const { path, file } = await this.#make();
    try {
      return (await file.stat()).mtime;
    } finally {
      await file.close();
      await removeQuietly(path);
    }
  }

  /** Removes what interrupted puts left behind more than a day before `now`. Failing at it hurts nobody. */
  async sweep(now: Date): Promise<void> {
    const names = await readdir(this.folder).catch(() => []);
    for (const name of names.filter((one) => one.startsWith('~'))) {
      const path = join(this.folder, name);
      const found = await lstat(path).catch(() => undefined);
      if (found?.isFile() && now.getTime() - found.mtimeMs > LEFT_OVER_MS) await removeQuietly(path);
    }
  }

  async #make(): Promise<{ path: string; file: FileHandle }> {
    await this.#folders.ready(this.folder);
    const path = join(this.folder, `~${randomBytes(12).toString('hex')}`);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    return { path, file: await open(path, flags, 0o600) };
  }
}

/** Removes a file that nobody will miss, nor anybody mind: what stays is swept a day later. */
export async function removeQuietly(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}

/** Writes all of `body`, returns its SHA-256 in hex. A slice fits the cache and is hashed while it is written. */
async function writeAll(file: FileHandle, body: Uint8Array, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < body.length; at += SLICE_BYTES) {
    signal.throwIfAborted();
    const slice = body.subarray(at, at + SLICE_BYTES);
    const written = writeSlice(file, slice, at);
    hash.update(slice);
    await written;
  }
  signal.throwIfAborted();
  return hash.digest('hex');
}

async function writeSlice(file: FileHandle, slice: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < slice.length; ) {
    done += (await file.write(slice, done, slice.length - done, position + done)).bytesWritten;
  }
}

/** Fails, because a body has the digest `actual` where its caller said `declared`. */
export function mismatch(actual: string, declared: string): never {
  return fail({
    code: 'DIGEST_MISMATCH',
    message: `a body arrived with SHA-256 ${actual}, but was declared as ${declared}`,
    origin: 'target',
    permanent: false,
  });
}
