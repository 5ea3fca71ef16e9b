import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

interface Known {
  readonly inode: bigint;
  readonly size: bigint;
  readonly sha256: string;
}

/** Every object that was ever seen in a repository. Objects are written once: none may change, and none may go. */
export class ObjectLedger {
  readonly #repository: string;
  readonly #known = new Map<string, Known>();

  constructor(repository: string) {
    this.#repository = repository;
  }

  get keys(): readonly string[] {
    return [...this.#known.keys()];
  }

  /**
   * Looks at the repository. Returns the keys that are new since the last look; fails when an object that was there is gone, was
   * written again, or when a new one is not what its name says.
   */
  look(): readonly string[] {
    const found = new Set(filesBelow(this.#repository).filter((key) => !key.startsWith('tmp/')));
    for (const [key, known] of this.#known) {
      assert.ok(found.has(key), `${key} is gone`);
      const { ino, size } = lstatSync(join(this.#repository, key), { bigint: true });
      assert.deepEqual([ino, size], [known.inode, known.size], `${key} was written again`);
    }
    const fresh = [...found].filter((key) => !this.#known.has(key)).sort();
    for (const key of fresh) {
      const { ino, size } = lstatSync(join(this.#repository, key), { bigint: true });
      const sha256 = this.#digest(key);
      if (/^(packs|indexes)\//.test(key)) assert.equal(key.slice(-64), sha256, `${key} holds other bytes`);
      this.#known.set(key, { inode: ino, size, sha256 });
    }
    return fresh;
  }

  /** Forgets the objects that went, and looks at the others. */
  lookAtWhatIsLeft(): readonly string[] {
    const found = new Set(filesBelow(this.#repository));
    for (const key of this.#known.keys()) if (!found.has(key)) this.#known.delete(key);
    return this.look();
  }

  /** Reads all of them again. */
  prove(): void {
    this.look();
    for (const [key, { sha256 }] of this.#known) assert.equal(this.#digest(key), sha256, `${key} changed`);
  }

  /** What killed puts left: names in `tmp/` with their sizes in bytes. */
  leftOver(): ReadonlyMap<string, number> {
    const keys = filesBelow(this.#repository).filter((key) => key.startsWith('tmp/'));
    return new Map(keys.map((key) => [key, lstatSync(join(this.#repository, key)).size]));
  }

  #digest(key: string): string {
    return createHash('sha256')
      .update(readFileSync(join(this.#repository, key)))
      .digest('hex');
  }
}

/** Files below a folder, at any depth, as paths relative to it; none where there is no folder. */
export function filesBelow(folder: string): string[] {
  const entries = lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
    : [];
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
