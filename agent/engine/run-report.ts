import type { Failure, Json } from '../contract/index.ts';
import type { Counters } from '../workers/counters.ts';
import type { Copied } from './catching-up.ts';

export type Verdict = 'ok' | 'incomplete' | 'failed' | 'cancelled';

/** What a run came to: plain data, for `--json`, the catalog and people. Times are ISO 8601, durations milliseconds, sizes bytes. */
export interface RunReport {
  readonly job: string;
  readonly source: string;
  readonly verdict: Verdict;
  readonly traceId: string;
  readonly started: string;
  readonly finished: string;
  readonly durationMs: number;
  /** The time of each phase, in order. */
  readonly phases: readonly { readonly name: string; readonly ms: number }[];
  readonly snapshot?: { readonly id: string; readonly hash: string; readonly sequence: number; readonly key: string };
  /** What the source says of all of it, as the snapshot keeps it: versions, a position in a log. Null when it was not captured to the end. */
  readonly facts: Json;
  /** Each target that the policy names; none when there is no snapshot, but for those that were left out. */
  readonly targets: readonly TargetReport[];
  readonly artifacts: readonly ArtifactReport[];
  readonly totals: Totals;
  /** All workers' stages, added up, and the time targets took. */
  readonly counters: Counters;
  readonly stored: { readonly packs: number; readonly bytes: number; readonly busyMs: number };
  readonly skipped: readonly { readonly what: string; readonly failure: Failure }[];
  /** What was noticed and did not stop the run: damaged index fragments, packs that are not where they should be. */
  readonly problems: readonly Failure[];
  readonly failure?: Failure;
}

/**
 * Whether the snapshot lies on a target. One that failed, or that lacks what earlier runs stored elsewhere, is left out of a run;
 * `copied` is what it was given of that when the snapshot was stored.
 */
export type TargetReport =
  | { readonly name: string; readonly state: 'stored'; readonly copied?: Copied }
  | { readonly name: string; readonly state: 'left out'; readonly failure: Failure; readonly copied?: Copied };

export interface ArtifactReport {
  readonly name: string;
  readonly kind: 'bytes' | 'tree';
  readonly size: number;
  /** What the source says of it, as the snapshot keeps it: rows of a table. */
  readonly facts: Json;
  readonly entries: number;
  readonly files: number;
  readonly unchanged: number;
  /** Files that were not the same before and after they were read: stored as read, and read again by the next run. */
  readonly changedWhileRead: number;
  /** The first 50 of them, by path in the tree. */
  readonly changedPaths: readonly string[];
}

export interface Totals {
  readonly size: number;
  readonly entries: number;
  readonly files: number;
  readonly unchanged: number;
  readonly newChunks: number;
  readonly newBytes: number;
  readonly storedBytes: number;
}
