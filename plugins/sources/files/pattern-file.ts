import type { BigIntStats } from 'node:fs';
import { HoldfastError } from 'holdfast/plugin';
import { CACHE_TAG } from './look-up.ts';
import { nameOf, printable, type RawPath, rawPath } from './raw-path.ts';
import type { Spared } from './spared.ts';

/** Whether a file of this name may say what is excluded. */
export function isPatternFile(name: RawPath, { excludeFiles, excludeCaches }: Spared): boolean {
  return (excludeCaches && name === CACHE_TAG) || excludeFiles.some((one) => rawPath(one) === name);
}

/**
 * Whether nothing may be put at `path`, because less would be excluded then than is excluded now: what is not excluded any more, a second
 * restore that removes would remove. `stands`: what is there.
 */
export function keepsExcluded(path: RawPath, stands: BigIntStats | undefined, spared: Spared | undefined): boolean {
  if (spared === undefined || !isPatternFile(nameOf(path), spared) || !spared.within(path)) return false;
  if (stands?.isFile()) return true;
  // Where there is none now, one can only exclude more, but for what it takes back.
  return spared.patternsThen.get(path)?.includes('!') === true;
}

/** Says of a file of patterns that it stays as it is, and how it can be had otherwise all the same. */
export function patternsStay(path: RawPath): HoldfastError {
  return new HoldfastError({
    code: PATTERNS_STAY,
    message: `${printable(path)} was left as it is: what only it excludes now would be removed the next time`,
    origin: 'source',
    permanent: true,
    hint: 'restore this path without --delete, or remove it by hand: what it excludes now is no longer excluded then, and --delete removes it',
  });
}

export const PATTERNS_STAY = 'RESTORE_PATTERNS';
