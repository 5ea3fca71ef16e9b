import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryTarget, memoryPlugin } from './memory-target.ts';

const LARGE = 4 * 2 ** 20;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** Objects as files that are written, bit by bit, where they are to stand. So a process that dies leaves a part of one. */
class FolderMap extends Map<string, Uint8Array> {
  readonly #folder: string;

  constructor(folder: string) {
    super();
    this.#folder = folder;
  }

  override has(key: string): boolean {
    return existsSync(this.#pathOf(key));
  }

  override get(key: string): Uint8Array | undefined {
    return this.has(key) ? readFileSync(this.#pathOf(key)) : undefined;
  }

  override set(key: string, body: Uint8Array): this {
    const file = openSync(this.#pathOf(key), 'wx');
    for (let at = 0; at < body.length; at += 2 ** 20) {
      writeSync(file, body.subarray(at, at + 2 ** 20));
      // So slow that a process that is killed is nearly always at it: disks are at times faster than whoever kills.
      if (body.length > LARGE) Atomics.wait(PAUSE, 0, 0, 40);
    }
    closeSync(file);
    return this;
  }

  override delete(key: string): boolean {
    if (!this.has(key)) return false;
    rmSync(this.#pathOf(key));
    return true;
  }

  override *keys(): MapIterator<string> {
    for (const name of readdirSync(this.#folder)) yield name.replaceAll('+', '/');
  }

  #pathOf(key: string): string {
    return join(this.#folder, key.replaceAll('/', '+'));
  }
}

/** Begins at once with what is large: hashing 8 MiB first may take longer than whoever kills waits. */
class TornTarget extends MemoryTarget {
  override async put(key: string, body: Uint8Array, given: { readonly sha256: string }): Promise<'created' | 'same'> {
    if (body.length <= LARGE || this.objects.has(key)) return super.put(key, body, given);
    this.objects.set(key, body);
    return 'created';
  }
}

export const plugin = memoryPlugin(TornTarget, {
  get: (folder) => (existsSync(folder) ? new FolderMap(folder) : undefined),
  make: (folder) => mkdirSync(folder),
});
