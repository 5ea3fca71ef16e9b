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
  return {
    stages: {
      read: noCount(),
      chunk: noCount(),
      identify: noCount(),
      compress: noCount(),
      encrypt: noCount(),
      verify: noCount(),
      checksum: noCount(),
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
  for (const stage of STAGES) addCount(sum.stages[stage], more.stages[stage]);
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

/** The stages on the way back: reading from a target, then what a worker does, in order. */
export const READ_STAGES = ['fetch', 'decrypt', 'decompress', 'identify', 'write'] as const;
export type ReadStage = (typeof READ_STAGES)[number];
export type ReadCounters = Readonly<Record<ReadStage, StageCount>>;

export function noReadCounters(): ReadCounters {
  return { fetch: noCount(), decrypt: noCount(), decompress: noCount(), identify: noCount(), write: noCount() };
}

/** Adds `more` to `sum`, in place. */
export function addReadCounters(sum: ReadCounters, more: ReadCounters): void {
  for (const stage of READ_STAGES) addCount(sum[stage], more[stage]);
}

function noCount(): StageCount {
  return { busyMs: 0, bytesIn: 0, bytesOut: 0, calls: 0 };
}

function addCount(sum: StageCount, more: StageCount): void {
  sum.busyMs += more.busyMs;
  sum.bytesIn += more.bytesIn;
  sum.bytesOut += more.bytesOut;
  sum.calls += more.calls;
}
