import type { Listed } from '../contract/index.ts';

/** How much of a copy is read whole by one verification; absent: all of it. */
export interface VerifyBudget {
  /** Of its bytes, from 0 to 1. */
  readonly share?: number;
  /** After so many milliseconds nothing more is begun. */
  readonly maxMs?: number;
}

/** What a verification with a budget came to on one target. Sizes in bytes. */
export interface Coverage {
  readonly target: string;
  /** Read by this verification, of all there are. */
  readonly read: number;
  readonly readBytes: number;
  readonly objects: number;
  readonly bytes: number;
  /** Of which this host does not know that they were ever read whole and found good. */
  readonly never: number;
  /** When the one of the others was read that was read the longest ago; ISO 8601. */
  readonly oldest: string | null;
}

export interface ToRead extends Listed {
  /** 64 hex digits, when it is named as it should be. */
  readonly name: string | undefined;
}

/**
 * What is to be read, in this order: first what was never found good, then what was the longest ago. With a share, so much that its
 * bytes are at least that; one object at the least, so that repeating it comes round to all.
 */
export function toRead(objects: readonly ToRead[], good: ReadonlyMap<string, number>, share = 1): ToRead[] {
  const since = ({ name }: ToRead) => good.get(name ?? '') ?? Number.NEGATIVE_INFINITY;
  const order = objects.toSorted((a, b) => compare(since(a), since(b)) || compare(a.key, b.key));
  const wanted = share * objects.reduce((sum, { size }) => sum + size, 0);
  let bytes = 0;
  const end = order.findIndex(({ size }) => {
    bytes += size;
    return bytes >= wanted;
  });
  return share >= 1 || end < 0 ? order : order.slice(0, end + 1);
}

/** `good`: as it is after the verification. */
export function coverageOf(
  target: string,
  objects: readonly ToRead[],
  read: readonly ToRead[],
  good: ReadonlyMap<string, number>,
): Coverage {
  const sum = (some: readonly ToRead[]) => some.reduce((total, { size }) => total + size, 0);
  const times = objects.flatMap(({ name }) => good.get(name ?? '') ?? []);
  return {
    target,
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
