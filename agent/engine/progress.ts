/**
 * How far a run is. Bytes; `expectedBytes` is what the job's last run saw, when there was one. `streams`: those that are being read, by
 * name, and how much of each was.
 */
export interface Progress {
  phase: 'opening' | 'capturing' | 'committing' | 'copying' | 'reading';
  entries: number;
  bytes: number;
  bytesRead: number;
  bytesStored: number;
  skipped: number;
  /** Artifacts that are stored. */
  artifacts: number;
  readonly streams: Map<string, number>;
  expectedBytes?: number;
}

export function noProgress(): Progress {
  const none = { entries: 0, bytes: 0, bytesRead: 0, bytesStored: 0, skipped: 0, artifacts: 0 };
  return { phase: 'opening', ...none, streams: new Map() };
}
