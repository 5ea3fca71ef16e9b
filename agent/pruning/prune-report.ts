import type { Failure } from '../contract/index.ts';

/** Objects, and their bytes. */
export interface Amount {
  count: number;
  bytes: number;
}

/** What pruning one domain on one target came to; with `--dry-run`, what it would come to. */
export interface DomainPruned {
  readonly domain: string;
  /** Packs that were marked before and are deleted now. */
  readonly deleted: Amount;
  /** Marked before, and needed again since. */
  readonly keptAfterAll: number;
  /** Forgotten snapshots whose time to be brought back is over. */
  readonly snapshots: number;
  /** Packs that nothing needs: marked now, deleted later. */
  readonly marked: Amount;
  /** Packs that are needed in part: what is needed of them was moved to new ones. `count` and `bytes` are of the old. */
  readonly repacked: Amount;
  /** What was written for that. */
  readonly written: Amount;
  /** What is needed, and what of what stays is needed by nothing. Bytes of frames. */
  readonly used: number;
  readonly unused: number;
  /** Needed by nothing yet: what runs stored that have made no snapshot. */
  readonly unclaimed: Amount;
  /** When the next marked packs can go, ISO 8601; absent when none are left. */
  readonly next?: string;
  /** Runs of other hosts that are taken for dead: what they were to end with is void now. */
  readonly fenced: readonly UnendedRun[];
  /** Runs that have to end before they can. */
  readonly waitingFor: readonly UnendedRun[];
  /** Time was up before all was done. */
  readonly unfinished: boolean;
  readonly problems: readonly Failure[];
}

/** A run that said it is at work, and has not ended. */
export interface UnendedRun {
  readonly writer: string;
  /** As its host calls itself; absent where that is not known. */
  readonly host?: string;
  /** Where its snapshot is to lie. */
  readonly snapshot: string;
  /** Whether it copies that snapshot, which another target has. */
  readonly copies: boolean;
  /** When it began, ISO 8601. */
  readonly since: string;
  /** The object that says so. */
  readonly session: string;
  /** Of this host: then it goes on, since it holds a lock here. Of another it may have died with its host. */
  readonly ours: boolean;
}

/** What became of a target. */
export interface TargetPruned {
  readonly target: string;
  readonly domains: readonly DomainPruned[];
  /** Records of verifications that newer ones supersede. */
  readonly checks: number;
  /** Of all that lies there; absent: the target cannot tell. */
  readonly capacity?: { readonly used: number; readonly total?: number };
  readonly failure?: Failure;
}
