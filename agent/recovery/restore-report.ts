import type { Failure, Json, Masked, MetaPart, Unset } from '../contract/index.ts';
import type { ChangeTotals } from './change-totals.ts';

/** What a restore came to: plain data. Durations are milliseconds. */
export interface RestoreReport {
  readonly source: string;
  readonly verdict: 'ok' | 'incomplete' | 'failed' | 'cancelled' | 'planned';
  readonly traceId: string;
  readonly snapshot?: {
    readonly id: string;
    readonly started: string;
    readonly finished: string;
    readonly host: string;
    readonly job: string;
  };
  readonly durationMs: number;
  readonly phases: readonly { readonly name: string; readonly ms: number }[];
  readonly steps: readonly string[];
  /** Where it was restored to, or would be, for people. */
  readonly place?: string;
  /** What the restore was to change; absent when the source does not tell, or did not come so far. */
  readonly totals?: ChangeTotals;
  readonly facts: Json;
  readonly bytes: number;
  /** Read from targets, as it is stored there. */
  readonly fetchedBytes: number;
  /** What of the stored properties was set of nothing; see `Restored`. */
  readonly notSet: readonly MetaPart[];
  /** What of some things could not be set; see `Restored`. */
  readonly unset: readonly Unset[];
  /** What was replaced by rules, by column; empty without `--mask`, and when it did not come so far. */
  readonly masked: readonly Masked[];
  readonly skipped: readonly { readonly what: string; readonly failure: Failure }[];
  /** What was noticed and did not stop the restore: what the snapshot lacks, and others that are damaged or forged and were passed over. */
  readonly problems: readonly Failure[];
  readonly failure?: Failure;
}
