import type { Listed } from '../contract/index.ts';
import type { CheckedPart } from '../repository/check-record.ts';

/** How much of a copy is read by one verification; absent: all of it. */
export interface VerifyBudget {
  /** Of its bytes, from 0 to 1. */
  readonly share?: number;
  /** After so many milliseconds nothing more is begun. */
  readonly maxMs?: number;
}

/**
 * What one level of a verification came to on one target. At `checksum` objects are packs and indexes, read whole; at `decrypt` packs,
 * of which what snapshots need is opened, and counted in bytes.
 */
export interface Coverage extends CheckedPart {
  readonly target: string;
  /** Of which this host does not know that they were ever looked at and found good. */
  readonly never: number;
  /** When the one of the others was looked at that was looked at the longest ago; ISO 8601. */
  readonly oldest: string | null;
}

export interface ToRead extends Listed {
  /** 64 hex digits. */
  readonly name: string;
}

/**
 * What is to be read, in this order: first what was never found good, then what was the longest ago. With a share, so much that its
 * bytes are at least that; one object at the least, so that repeating it comes round to all.
 */
export function toRead<T extends ToRead>(objects: readonly T[], good: ReadonlyMap<string, number>, share = 1): T[] {
  const since = ({ name }: ToRead) => good.get(name) ?? Number.NEGATIVE_INFINITY;
  const order = objects.toSorted((a, b) => compare(since(a), since(b)) || compare(a.key, b.key));
  const wanted = share * objects.reduce((sum, { size }) => sum + size, 0);
  let bytes = 0;
  const end = order.findIndex(({ size }) => {
    bytes += size;
    return bytes >= wanted;
  });
  return share >= 1 || end < 0 ? order : order.slice(0, end + 1);
}

/**
 * The time of a budget, in parts that are used one after the other: each gets its share of what is left, so that what comes last is not
 * what never gets a turn.
 */
export class TimeShares {
  #end: number;
  #parts: number;

  /** `now`: milliseconds, of the clock that `next` and `pause` are told. */
  constructor(maxMs = Number.POSITIVE_INFINITY, parts = 1, now = performance.now()) {
    this.#end = now + maxMs;
    this.#parts = parts;
  }

  /** Until when the next part may begin something more. */
  next(now = performance.now()): number {
    const until = now + (this.#end - now) / Math.max(1, this.#parts);
    this.#parts--;
    return until;
  }

  /** Time that somebody was waited for counts for nobody. */
  pause(ms: number): void {
    this.#end += ms;
  }
}

/** `good`: as it is after the verification. */
export function coverageOf(
  { target, level }: Pick<Coverage, 'target' | 'level'>,
  objects: readonly ToRead[],
  read: readonly ToRead[],
  good: ReadonlyMap<string, number>,
): Coverage {
  const sum = (some: readonly ToRead[]) => some.reduce((total, { size }) => total + size, 0);
  const times = objects.flatMap(({ name }) => good.get(name) ?? []);
  return {
    target,
    level,
    read: read.length,
    readBytes: sum(read),
    objects: objects.length,
    bytes: sum(objects),
    never: objects.length - times.length,
    oldest: times.length === 0 ? null : new Date(times.reduce((a, b) => Math.min(a, b))).toISOString(),
  };
}

function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
