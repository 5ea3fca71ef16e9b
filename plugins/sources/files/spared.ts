import type { BigIntStats } from 'node:fs';
import type { RawPath } from './raw-path.ts';

/** What of a folder is not to be removed, though the snapshot does not have it. */
export interface Spared {
  /** Whether `path` of the tree was captured for its own sake. */
  within(path: RawPath): boolean;
  /** Whether a selection of what to restore includes it. */
  selects(path: RawPath, isFolder: boolean): boolean;
  /** Paths of the tree at which the patterns of `exclude` begin to count. */
  readonly roots: readonly RawPath[];
  readonly exclude: readonly string[];
  readonly excludeFiles: readonly string[];
  readonly excludeCaches: boolean;
  /** What files of patterns said when the snapshot was made, by their paths in the tree. */
  readonly patternsThen: ReadonlyMap<RawPath, string>;
  /** Absolute. */
  readonly mounts: ReadonlySet<RawPath>;
  /** Whether the agent keeps its own there. */
  isLeft(folder: BigIntStats): boolean;
}
