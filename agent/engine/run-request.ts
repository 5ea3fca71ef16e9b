import type { Job, Limits, RecipientSpec } from '../config/policy.ts';
import type { Progress } from './progress.ts';

/** What a run is asked to do. */
export interface RunRequest {
  readonly job: Job;
  readonly limits: Limits;
  /** All recipients of the policy: whom they approved is trusted. */
  readonly recipients: readonly RecipientSpec[];
  /** SHA-256 of the policy, for the snapshot. */
  readonly policyHash: string;
  readonly signal: AbortSignal;
  /** How long targets may take to notice that the run was cancelled; milliseconds, 15 s unless told. */
  readonly graceMs?: number;
  /** Bytes that are copied to a target that lags, when the snapshot is stored; 64 GiB unless told. */
  readonly mostCopied?: number;
  /** Told often; the object is the same each time. */
  onProgress?(progress: Progress): void;
}
