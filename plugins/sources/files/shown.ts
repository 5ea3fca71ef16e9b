import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import type { Change, Json } from 'holdfast/plugin';
import type { RawPath } from './raw-path.ts';
import { stampOf } from './standing.ts';

const BYTES = 6;

/**
 * The changes that were shown before anything was done: for each the path, what was to be done, and by what it is told that the
 * same thing still stands there. Six bytes of a digest each, so that a million take little.
 */
export class Shown {
  readonly #changes: Set<number>;

  constructor(changes: Iterable<number> = []) {
    this.#changes = new Set(changes);
  }

  /** Undefined when `state` is of no plan that showed changes. */
  static from(state: Json): Shown | undefined {
    const text = typeof state === 'object' && state !== null && 'shown' in state ? state.shown : undefined;
    if (typeof text !== 'string') return undefined;
    const bytes = Buffer.from(text, 'base64');
    return new Shown(Array.from({ length: bytes.length / BYTES }, (_, i) => bytes.readUIntBE(i * BYTES, BYTES)));
  }

  add(path: RawPath, action: Change['action'], stands: BigIntStats): void {
    this.#changes.add(digestOf(path, action, stands));
  }

  has(path: RawPath, action: Change['action'], stands: BigIntStats): boolean {
    return this.#changes.has(digestOf(path, action, stands));
  }

  toJSON(): string {
    const bytes = Buffer.alloc(this.#changes.size * BYTES);
    [...this.#changes].forEach((change, i) => {
      bytes.writeUIntBE(change, i * BYTES, BYTES);
    });
    return bytes.toString('base64');
  }
}

function digestOf(path: RawPath, action: Change['action'], stands: BigIntStats): number {
  const text = `${action}\0${stampOf(stands)}\0${path}`;
  return createHash('sha256').update(text, 'latin1').digest().readUIntBE(0, BYTES);
}
