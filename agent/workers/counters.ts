/** The stages a byte goes through in a worker, in order. `identify` is the keyed hash that names a chunk; `verify` opens what was just sealed. */
export const STAGES = ['read', 'chunk', 'identify', 'compress', 'encrypt', 'verify', 'checksum'] as const;
export type Stage = (typeof STAGES)[number];

/** What one stage did: milliseconds it was busy, bytes in and out, and how often. */
export interface StageCount {
  busyMs: number;
  bytesIn: number;
  bytesOut: number;
  calls: number;
}

/** Everything workers add up for one artifact. Plain data: it crosses threads. */
export interface Counters {
  readonly stages: Record<Stage, StageCount>;
  chunks: number;
  chunkBytes: number;
  newChunks: number;
  newBytes: number;
  frames: number;
  storedBytes: number;
}

export function noCounters(): Counters {
  const count = (): StageCount => ({ busyMs: 0, bytesIn: 0, bytesOut: 0, calls: 0 });
  return {
    stages: {
      read: count(),
      chunk: count(),
      identify: count(),
      compress: count(),
      encrypt: count(),
      verify: count(),
      checksum: count(),
    },
    chunks: 0,
    chunkBytes: 0,
    newChunks: 0,
    newBytes: 0,
    frames: 0,
    storedBytes: 0,
  };
}

/** Adds `more` to `sum`, in place. */
export function addCounters(sum: Counters, more: Counters): void {
  for (const stage of STAGES) {
    const a = sum.stages[stage];
    const b = more.stages[stage];
    a.busyMs += b.busyMs;
    a.bytesIn += b.bytesIn;
    a.bytesOut += b.bytesOut;
    a.calls += b.calls;
  }
  sum.chunks += more.chunks;
  sum.chunkBytes += more.chunkBytes;
  sum.newChunks += more.newChunks;
  sum.newBytes += more.newBytes;
  sum.frames += more.frames;
  sum.storedBytes += more.storedBytes;
}

/** Books one call of a stage that began at `startedAt` (performance.now()). */
export function book(stage: StageCount, startedAt: number, bytesIn: number, bytesOut: number): void {
  stage.busyMs += performance.now() - startedAt;
  stage.bytesIn += bytesIn;
  stage.bytesOut += bytesOut;
  stage.calls++;
}
