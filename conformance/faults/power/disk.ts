import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What was done, when it was done. `upTo`: a sync covers the changes before this one, counted from 0. */
export type Change =
  | { readonly kind: 'create' | 'unlink' | 'mkdir'; readonly path: string }
  | { readonly kind: 'link' | 'rename'; readonly from: string; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly path: string; readonly length: number }
  | { readonly kind: 'sync'; readonly path: string; readonly upTo: number };

/** A file, by whatever names. */
interface File {
  /** What is durable of it. */
  durable: Buffer;
  /** Written, or cut off, since; each with its number among all changes. */
  pending: (Write & { readonly nth: number })[];
}

type Write = { readonly at: number; readonly bytes: Uint8Array } | { readonly length: number };

/** What a name stands for. */
type Entry = File | 'folder';

/** What became of a name: it was given to something, or taken away. */
interface Naming {
  readonly nth: number;
  readonly path: string;
  readonly entry: Entry | undefined;
  /** The name in the same folder that it had until then, and lost by it. */
  readonly from?: string;
}

/** What a power cut does to what is not durable. */
export interface Loss {
  readonly name: string;
  /** Whether a change of a name came to the disk. */
  keepsName(): boolean;
  /** How much of what was written at once, and not made durable: from 0 to 1. */
  keptOfWritten(): number;
}

/**
 * What a folder is after a power cut, by the least that POSIX promises: contents of a file are durable when it was synced, names when the
 * folder that they are in was, and neither by the other. What is not durable may be there all the same, in any order.
 */
export class Disk {
  readonly #root: string;
  readonly #durable = new Map<string, Entry>();
  readonly #now = new Map<string, Entry>();
  #pending: Naming[] = [];
  #count = 0;

  /** As it lies below `root` now, all of it durable. */
  constructor(root: string) {
    this.#root = root;
    this.#durable.set(root, 'folder');
    for (const name of readdirSync(root, { recursive: true }) as string[]) {
      const path = join(root, name);
      const isFile = lstatSync(path).isFile();
      this.#durable.set(path, isFile ? { durable: readFileSync(path), pending: [] } : 'folder');
    }
    for (const [path, entry] of this.#durable) this.#now.set(path, entry);
  }

  do(change: Change): void {
    const nth = this.#count++;
    const { path } = change;
    if (change.kind === 'sync') this.#sync(path, change.upTo);
    else if (change.kind === 'write') this.#file(path).pending.push({ nth, at: change.at, bytes: change.bytes });
    else if (change.kind === 'truncate') this.#file(path).pending.push({ nth, length: change.length });
    else if (change.kind === 'rename') this.#rename(nth, change.from, path);
    else if (change.kind === 'link') this.#name({ nth, path, entry: this.#file(change.from) });
    else if (change.kind === 'create') this.#name({ nth, path, entry: { durable: Buffer.alloc(0), pending: [] } });
    else this.#name({ nth, path, entry: change.kind === 'mkdir' ? 'folder' : undefined });
  }

  #name(naming: Naming): void {
    this.#pending.push(naming);
    if (naming.from !== undefined) this.#now.delete(naming.from);
    if (naming.entry === undefined) this.#now.delete(naming.path);
    else this.#now.set(naming.path, naming.entry);
  }

  #rename(nth: number, from: string, path: string): void {
    assert.equal(
      dirname(from),
      dirname(path),
      'a name that goes to another folder: the model of a disk does not know it',
    );
    this.#name({ nth, path, entry: this.#file(from), from });
  }

  #file(path: string): File {
    const entry = this.#now.get(path);
    return typeof entry === 'object' ? entry : assert.fail(`${path} is no file`);
  }

  #sync(path: string, upTo: number): void {
    const entry = this.#now.get(path) ?? assert.fail(`${path} is not there`);
    if (entry === 'folder') {
      const isSynced = ({ nth, path: name }: Naming) => nth < upTo && dirname(name) === path;
      for (const naming of this.#pending.filter(isSynced)) apply(this.#durable, naming);
      this.#pending = this.#pending.filter((naming) => !isSynced(naming));
      return;
    }
    entry.durable = written(
      entry.durable,
      entry.pending.filter(({ nth }) => nth < upTo),
      () => 1,
    );
    entry.pending = entry.pending.filter(({ nth }) => nth >= upTo);
  }

  /** Files by path below the root, and folders, as undefined, when the power goes now. */
  cut(loss: Loss): Map<string, Buffer | undefined> {
    const names = new Map(this.#durable);
    for (const naming of this.#pending) if (loss.keepsName()) apply(names, naming);
    const found = new Map<string, Buffer | undefined>();
    for (const [path, entry] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const folder = dirname(path);
      // Without its folder there is no way to it.
      if (path === this.#root || (folder !== this.#root && !found.has(this.#below(folder)))) continue;
      const bytes = entry === 'folder' ? undefined : written(entry.durable, entry.pending, () => loss.keptOfWritten());
      found.set(this.#below(path), bytes);
    }
    return found;
  }

  #below(path: string): string {
    return path.slice(this.#root.length + 1);
  }
}

/** Lays it down in a folder, in the place of what is there. */
export function layDown(folder: string, found: ReadonlyMap<string, Buffer | undefined>): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  for (const [path, bytes] of found) {
    if (bytes === undefined) mkdirSync(join(folder, path), { mode: 0o700 });
    else writeFileSync(join(folder, path), bytes, { mode: 0o600 });
  }
}

function apply(names: Map<string, Entry>, { path, entry, from }: Naming): void {
  if (from !== undefined) names.delete(from);
  if (entry === undefined) names.delete(path);
  else names.set(path, entry);
}

/** `shareOf`: how much of a write came to the disk; each for itself, since they come there in any order. */
function written(durable: Buffer, writes: readonly Write[], shareOf: () => number): Buffer {
  let whole = durable;
  for (const write of writes) {
    const share = shareOf();
    if ('length' in write) whole = share < 0.5 ? whole : ofLength(whole, write.length);
    else {
      const bytes = write.bytes.subarray(0, Math.floor(write.bytes.length * share));
      if (bytes.length === 0) continue;
      whole = ofLength(whole, Math.max(whole.length, write.at + bytes.length));
      whole.set(bytes, write.at);
    }
  }
  return whole;
}

/** A copy that is so long. */
function ofLength(bytes: Buffer, length: number): Buffer {
  const copy = Buffer.alloc(length);
  copy.set(bytes.subarray(0, length));
  return copy;
}
