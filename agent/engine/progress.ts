/** How far a run is. Bytes; `expectedBytes` is what the job's last run saw, when there was one. */
export interface Progress {
  phase: 'opening' | 'capturing' | 'committing' | 'copying' | 'reading';
  entries: number;
  bytes: number;
  bytesRead: number;
  bytesStored: number;
  skipped: number;
  expectedBytes?: number;
}

export function noProgress(): Progress {
  return { phase: 'opening', entries: 0, bytes: 0, bytesRead: 0, bytesStored: 0, skipped: 0 };
}
