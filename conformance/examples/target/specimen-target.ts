import { createHash, randomUUID } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host, Listed, Range, Target } from 'holdfast/plugin';
import { checkPrefix, keyOf, nameOf } from './object-name.ts';
import { isMissing, refuse, refuseFor } from './refusal.ts';

const BLOCK_BYTES = 2 ** 20;

type PutOptions = Parameters<Target['put']>[2];

/** Makes the folder, where it is not there yet. */
export async function createFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error) => refuseFor(error, folder));
}

/** Opens a folder that is there. */
export async function openFolder(folder: string, host: Host): Promise<Target> {
  const info = await stat(folder).catch((error) => refuseFor(error, folder));
  return info.isDirectory() ? new SpecimenTarget(folder, host) : refuse('TARGET_MISSING', `${folder} is no folder`);
}

class SpecimenTarget implements Target {
  readonly #folder: string;
  readonly #host: Host;

  constructor(folder: string, host: Host) {
    this.#folder = folder;
    this.#host = host;
  }

  async put(key: string, body: Uint8Array, { sha256, lockUntil }: PutOptions): Promise<'created' | 'same'> {
    const file = this.#fileOf(key);
    this.#host.signal.throwIfAborted();
    if (lockUntil !== undefined) refuse('LOCK_UNSUPPORTED', `${key} cannot be locked`);
    if (digestOf(body) !== sha256) refuse('DIGEST_MISMATCH', `${key} is not what was sent`);
    const begun = join(this.#folder, `+${randomUUID()}`);
    try {
      await write(begun, body);
      this.#host.signal.throwIfAborted();
      // A link is made whole or not at all, and never over a file that is there.
      await link(begun, file);
      await synchronise(this.#folder);
      return 'created';
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) return refuseFor(error, key);
      const there = await readFile(file).catch((failed) => refuseFor(failed, key));
      return digestOf(there) === sha256 ? 'same' : refuse('TARGET_CONFLICT', `${key} holds other bytes`);
    } finally {
      await rm(begun, { force: true });
    }
  }

  async *get(key: string, { offset, length }: Range = { offset: 0 }): AsyncGenerator<Uint8Array> {
    const file = this.#fileOf(key);
    const { signal } = this.#host;
    signal.throwIfAborted();
    const missing = (error: unknown) =>
      isMissing(error) ? refuse('OBJECT_MISSING', `${key} is not there`, error) : refuseFor(error, key);
    await using handle = await open(file).catch(missing);
    const end = offset + (length ?? Number.POSITIVE_INFINITY);
    for (let at = offset; at < end; ) {
      const block = Buffer.alloc(Math.min(BLOCK_BYTES, end - at));
      const { bytesRead } = await handle.read(block, 0, block.length, at).catch((error) => refuseFor(error, key));
      signal.throwIfAborted();
      if (bytesRead === 0) return;
      yield block.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  async *list(prefix: string, after = ''): AsyncGenerator<Listed> {
    checkPrefix(prefix);
    const names = await readdir(this.#folder).catch((error) => refuseFor(error, this.#folder));
    const keys = names.flatMap((name) => keyOf(name) ?? []).sort();
    for (const key of keys) {
      if (!key.startsWith(prefix) || key <= after) continue;
      this.#host.signal.throwIfAborted();
      const info = await stat(this.#fileOf(key)).catch((error) =>
        isMissing(error) ? undefined : refuseFor(error, key),
      );
      if (info !== undefined) yield { key, size: info.size };
    }
  }

  async now(): Promise<Date> {
    return this.#host.now();
  }

  async delete(key: string): Promise<void> {
    await rm(this.#fileOf(key), { force: true }).catch((error) => refuseFor(error, key));
  }

  #fileOf(key: string): string {
    return join(this.#folder, nameOf(key));
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Writes a new file, and waits until the disk has it. */
async function write(file: string, body: Uint8Array): Promise<void> {
  await using handle = await open(file, 'wx', 0o600);
  await handle.writeFile(body);
  await handle.sync();
}

/** Waits until the disk has the names in a folder. */
async function synchronise(folder: string): Promise<void> {
  await using handle = await open(folder);
  await handle.sync();
}

function digestOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}
