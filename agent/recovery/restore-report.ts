import type { Failure, Json, MetaPart } from '../contract/index.ts';

/** What a restore came to: plain data. Durations are milliseconds. */
export interface RestoreReport {
  readonly source: string;
  readonly verdict: 'ok' | 'incomplete' | 'failed' | 'cancelled' | 'planned';
  readonly traceId: string;
  readonly snapshot?: { readonly id: string; readonly started: string; readonly host: string; readonly job: string };
  readonly durationMs: number;
  readonly phases: readonly { readonly name: string; readonly ms: number }[];
  readonly steps: readonly string[];
  readonly facts: Json;
  readonly bytes: number;
  /** What of the stored properties was set of nothing; see `Restored`. */
  readonly notSet: readonly MetaPart[];
  readonly skipped: readonly { readonly what: string; readonly failure: Failure }[];
  /** What was noticed and did not stop the restore: what the snapshot lacks, and others that are damaged or forged and were passed over. */
  readonly problems: readonly Failure[];
  readonly failure?: Failure;
}
