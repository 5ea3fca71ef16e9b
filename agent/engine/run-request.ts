import type { Job, Limits } from '../config/policy.ts';
import type { Progress } from './progress.ts';

/** What a run is asked to do. */
export interface RunRequest {
  readonly job: Job;
  readonly limits: Limits;
  /** SHA-256 of the policy, for the snapshot. */
  readonly policyHash: string;
  readonly signal: AbortSignal;
  /** Told often; the object is the same each time. */
  onProgress?(progress: Progress): void;
}
