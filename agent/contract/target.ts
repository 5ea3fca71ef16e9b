import type { Bytes, Range } from './bytes.ts';

export interface Listed {
  readonly key: string;
  readonly size: number;
}

/** In bytes. `total` absent: the target has no limit it could tell. */
export interface Capacity {
  readonly used: number;
  readonly total?: number;
}

/**
 * A place that holds a copy of the repository. Keys are relative paths of `[a-z0-9._-]` components separated by `/`, at most
 * 255 bytes; bodies are at most 64 MiB.
 *
 * Failures have origin `target` and these codes: `TARGET_MISSING` (not there, not a target), `TARGET_DENIED`, `TARGET_READONLY`,
 * `TARGET_FULL` (space or inodes), `TARGET_UNAVAILABLE` (may come back: `permanent: false`), `TARGET_CONFLICT` (see put and move),
 * `OBJECT_MISSING` (get or move, of a key that is not there), `KEY_INVALID` (a key or prefix that is none: refused before anything is
 * touched), `DIGEST_MISMATCH` (see put), `LOCK_UNSUPPORTED` (put with `lockUntil`, of a target without `lock`), `TARGET_IO`.
 */
export interface Target extends AsyncDisposable {
  /**
   * Stores `body` under `key`: all or nothing, durable when it resolves, create-if-absent. The same key with the same bytes
   * is `same`; with other bytes it is `TARGET_CONFLICT`, and what was there stays. `sha256` is the hex digest of body: what
   * arrives must match it, or it is `DIGEST_MISMATCH`. An interrupted put leaves no object under `key`, and nothing that `list` shows.
   */
  put(
    key: string,
    body: Uint8Array,
    options: { readonly sha256: string; readonly lockUntil?: Date },
  ): Promise<'created' | 'same'>;
  /** Reads an object or a range of it. A range past the end yields what there is; an absent key is `OBJECT_MISSING`. */
  get(key: string, range?: Range): Bytes;
  /** Every key that starts with `prefix` (a whole folder, ending in `/`, or empty), ascending by bytes, after `after`. A hint. */
  list(prefix: string, after?: string): AsyncIterable<Listed>;
  /** The target's own clock. */
  now(): Promise<Date>;
  capacity?(): Promise<Capacity>;
  /** Removes an object; an absent key is no error. A target opened with a host's credentials may have no such right. */
  delete?(key: string): Promise<void>;
  /**
   * Gives the object at `key` the key `to`, without reading it: durable when it resolves, create-if-absent. Where something is at
   * `to`, it is `TARGET_CONFLICT`, and both stay as they were; where nothing is at `key`, `OBJECT_MISSING`. One that is interrupted
   * leaves the object at either key or at both, never at none.
   */
  move?(key: string, to: string): Promise<void>;
  lock?(key: string, until: Date): Promise<void>;
}
