import type { Json } from '../contract/index.ts';
import type { ArtifactBody } from '../repository/snapshot.ts';
import type { Counters } from '../workers/counters.ts';

/** What one artifact came to. */
export interface CapturedArtifact {
  readonly name: string;
  readonly kind: 'bytes' | 'tree';
  readonly facts: Json;
  readonly entries: number;
  /** Plaintext bytes of content. */
  readonly size: number;
  readonly files: number;
  readonly unchanged: number;
  readonly changedWhileRead: number;
  readonly changedPaths: readonly string[];
  readonly counters: Counters;
  readonly body: ArtifactBody;
}
