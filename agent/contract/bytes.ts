/** Plain data: what may cross a thread, be stored in a snapshot or be printed by `--json`. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A byte stream. The consumer pulls; not pulling is the only backpressure there is. Buffers may be of any size ≥ 1. */
export type Bytes = AsyncIterable<Uint8Array>;

/** Where an endless source stands: a WAL position, `replid:offset`, `{ partition: offset }`. Opaque to the agent. */
export type Position = Json;

/** A half-open range in bytes. `length` absent means: to the end. */
export interface Range {
  readonly offset: number;
  readonly length?: number;
}
