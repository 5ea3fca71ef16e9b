import type { Failure } from '../contract/index.ts';

/**
 * What is done about one object of one target. `replace`: moved to quarantine, and a whole copy put in its place; `copy`: put where
 * nothing is; `set aside`: moved to quarantine, where no target has it whole; `index`: packs that no index names are named by a new one;
 * `catch up`: a snapshot that others have, with all that it needs.
 */
export type RepairAction = 'replace' | 'copy' | 'set aside' | 'index' | 'catch up';

export interface RepairStep {
  readonly target: string;
  /** Its key; of `index` that of the folder it will lie in. */
  readonly object: string;
  readonly action: RepairAction;
  /** What is wrong with it. */
  readonly failure: Failure;
}

/** How a step ended; absent `problem`: it was done, and what lies there now was read back. */
export interface RepairOutcome extends RepairStep {
  readonly state: 'done' | 'failed' | 'skipped';
  readonly problem?: Failure;
  /** The key that what lay there has now, where it was moved: in quarantine, on the same target. */
  readonly movedTo?: string;
}

/** What no target has whole. */
export interface RepairLoss {
  readonly target: string;
  readonly object: string;
  readonly failure: Failure;
  /** Whether it is moved to quarantine; what stays may hold more that can be restored. */
  readonly setAside: boolean;
  /** Ids of the snapshots that it affects, as far as this host can tell. */
  readonly snapshots: readonly string[];
}

/** What is to be done, and what nobody can do. */
export interface RepairPlan {
  readonly steps: readonly RepairStep[];
  readonly lost: readonly RepairLoss[];
  /** What could not be looked at. */
  readonly problems: readonly Failure[];
  readonly notes: readonly string[];
  readonly looked: { objects: number; bytes: number };
}

/** What a repair came to: plain data. */
export interface RepairReport {
  /** `declined`: nobody said yes. `incomplete`: a step failed, or a target could not be looked at. */
  readonly verdict: 'ok' | 'planned' | 'declined' | 'incomplete' | 'lost' | 'failed' | 'cancelled';
  readonly durationMs: number;
  readonly looked: { readonly objects: number; readonly bytes: number };
  readonly steps: readonly (RepairStep | RepairOutcome)[];
  readonly lost: readonly RepairLoss[];
  readonly problems: readonly Failure[];
  readonly notes: readonly string[];
  readonly failure?: Failure;
}
