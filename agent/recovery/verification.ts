import type { SourceSpec } from '../config/policy.ts';
import type { Failure } from '../contract/index.ts';
import type { Engine } from '../engine/opening.ts';
import type { ReadingSpec } from '../engine/repository-reading.ts';
import type { Level } from '../repository/check-record.ts';
import type { Identity } from '../repository/keys/identity.ts';
import type { SnapshotListing } from '../repository/snapshots.ts';
import { type NamedTarget, Store } from '../repository/store.ts';
import type { StoredLast } from '../repository/stored-last.ts';
import type { Writers } from '../repository/writers.ts';
import type { AffectedPath, AffectedPaths } from './affected-paths.ts';
import type { PackNeeds } from './pack-needs.ts';
import type { PassedOver } from './passed-over.ts';
import type { Coverage, VerifyBudget } from './verify-budget.ts';

export { LEVELS, type Level } from '../repository/check-record.ts';

export interface VerifyOptions extends ReadingSpec {
  readonly sources: Readonly<Record<string, SourceSpec>>;
  /** What this host stored last of each job, and would miss. */
  readonly stored?: readonly StoredLast[];
  /** Only this source; absent: all. */
  readonly source?: string;
  readonly level: Level;
  readonly parallel: number;
  /** At the levels `checksum` and `decrypt`. */
  readonly budget?: VerifyBudget;
  /** Whether what it came to is signed and left on each target, where this host has keys to sign with. */
  readonly record?: boolean;
  /** Asked for at the levels that read. */
  identity(): Promise<Identity>;
  readonly signal: AbortSignal;
  onProgress?(progress: VerifyProgress): void;
}

export interface VerifyProgress {
  readonly level: Level;
  readonly done: number;
  readonly total: number;
  readonly bytes: number;
}

/** Something that does not hold. `snapshots`: ids of those it affects, as far as they are known. */
export interface VerifyFinding {
  readonly level: Level;
  readonly target?: string;
  readonly object: string;
  readonly failure: Failure;
  readonly snapshots: readonly string[];
  /** What of them, where it was read with a key, and anything is. */
  readonly paths?: readonly AffectedPath[];
}

/** What a verification came to: plain data. */
export interface VerifyReport {
  readonly verdict: 'ok' | 'damaged' | 'failed' | 'cancelled';
  readonly level: Level;
  readonly traceId: string;
  readonly durationMs: number;
  readonly phases: readonly { readonly name: string; readonly ms: number }[];
  /** What was looked at, in figures. `bytes`: read from targets. */
  readonly checked: {
    snapshots: number;
    packs: number;
    indexes: number;
    frames: number;
    bytes: number;
    restored: number;
  };
  /** How far a verification with a budget came, by target. */
  readonly coverage?: readonly Coverage[];
  readonly findings: readonly VerifyFinding[];
  /** Things worth saying that are no damage, for instance that a level could only see part. */
  readonly notes: readonly string[];
  /** What lies there and is none of it: no damage, and nothing less was looked at because of it. */
  readonly passedOver: readonly PassedOver[];
  /** What no finding is and makes it less than it looks like: of one target that was looked at, that others have newer snapshots. */
  readonly problems: readonly Failure[];
  /** The targets on which that was recorded; absent when it was not to be, or did not come to an end. */
  readonly recorded?: readonly string[];
  readonly failure?: Failure;
}

/** What the checks of one verification share. */
export interface Verification {
  readonly engine: Engine;
  readonly options: VerifyOptions;
  /** One target at a time for what lies on each; all as one store for what can be read from any. */
  readonly store: Store;
  readonly writers: Writers;
  readonly listing: SnapshotListing;
  readonly checked: VerifyReport['checked'];
  readonly notes: string[];
  readonly passedOver: PassedOver[];
  readonly coverage: Coverage[];
  /** So far. */
  readonly findings: readonly VerifyFinding[];
  /** The repository's, 32 hex. */
  readonly repository: string;
  readonly needs: PackNeeds;
  readonly affected: AffectedPaths;
  /** Keys of snapshots of which it was found that frames are missing. */
  readonly incomplete: Set<string>;
  find(finding: VerifyFinding): void;
}

/** The targets of a verification, each as a store of its own. */
export function eachTarget({ store }: Verification): { name: string; alone: Store }[] {
  return store.targets.map((target: NamedTarget) => ({ name: target.name, alone: new Store([target]) }));
}

/** Whether snapshots of `source` are to be looked at. */
export function isWanted(v: Verification, source: string): boolean {
  return v.options.source === undefined || v.options.source === source;
}
