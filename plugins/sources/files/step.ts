import type { BigIntStats } from 'node:fs';
import type { Failure } from 'holdfast/plugin';
import type { RawPath } from './raw-path.ts';
import type { Branch } from './roots.ts';
import type { Rules } from './rules.ts';

/** A folder that is to be entered. */
export interface Folder {
  /** In the tree; empty for its root. */
  readonly path: RawPath;
  readonly absolute: RawPath;
  readonly branch: Branch;
  readonly rules: Rules | undefined;
  /** The file system of the root it lies below; 0 above the roots. */
  readonly device: bigint;
}

/** Something that belongs in the tree. */
export interface Found {
  readonly path: RawPath;
  readonly absolute: RawPath;
  readonly stats: BigIntStats;
  /** What a symbolic link points to. */
  readonly link?: RawPath;
}

/** Something that would, but could not be read. */
export interface Missed {
  readonly path: RawPath;
  readonly failure: Failure;
}

/** `names[from]` to `names[to - 1]` of a folder, whose properties are to be read. */
export interface Segment {
  readonly folder: Folder;
  readonly names: readonly RawPath[];
  readonly from: number;
  readonly to: number;
}

/** A stretch of the tree: known already, or still to be looked up. */
export type Step =
  | { readonly kind: 'known'; readonly entries: readonly (Found | Missed)[] }
  | { readonly kind: 'folder'; readonly folder: Folder }
  | { readonly kind: 'segment'; readonly segment: Segment };
