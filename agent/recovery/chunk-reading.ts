import type { Bytes } from '../contract/index.ts';
import { totalLength } from '../repository/tree.ts';
import { book, type StageCount } from '../workers/counters.ts';
import type { WorkerSession } from '../workers/session.ts';
import { FrameLoad } from './frame-load.ts';
import { type FrameSource, type Loaded, REF_BYTES } from './frame-source.ts';
import type { Gate } from './gate.ts';
import type { PageCache } from './page-cache.ts';

/** Plaintext asked of a worker at a time; bytes. */
const PART_BYTES = 4 * 1024 * 1024;
/** What more of a frame may follow, so that no frame is opened for the end of one part and again for the beginning of the next. */
const REST_BYTES = 1024 * 1024;
/** Parts under way at a time, unless one chunk is as much as all of them. */
const AHEAD = 3;

export interface ChunkReader {
  readonly session: WorkerSession;
  readonly frames: FrameSource;
  /** Bounds what was read from the store and not yet answered by a worker. */
  readonly gate: Gate;
  readonly pages: PageCache;
  /** What the workers book the work to: the artifact's place in the snapshot. */
  readonly artifact: number;
  /** Where reading from the store is booked, on this thread. */
  readonly fetched: StageCount;
}

/** The plaintext of chunks, in order: `refs` in parts of about 4 MiB, a few parts ahead of the consumer. */
export async function* readChunks(reader: ChunkReader, refs: Uint8Array): Bytes {
  const under: { readonly part: Promise<Uint8Array>; readonly bytes: number }[] = [];
  let ahead = 0;
  try {
    for (const refsOfPart of partsOf(reader, refs)) {
      const part = give(reader, refsOfPart);
      part.catch(() => {});
      const bytes = totalLength(refsOfPart);
      ahead += bytes;
      under.push({ part, bytes });
      while (under.length >= AHEAD || (under.length > 0 && ahead > AHEAD * PART_BYTES)) {
        const next = under.shift() as (typeof under)[number];
        yield await next.part;
        ahead -= next.bytes;
      }
    }
    for (let next = under.shift(); next !== undefined; next = under.shift()) yield await next.part;
  } finally {
    await Promise.allSettled(under.map(({ part }) => part));
  }
}

/** The same, whole, for what is known to be small. */
export async function readWhole(reader: ChunkReader, refs: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of readChunks(reader, refs)) parts.push(part);
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
}

function give(reader: ChunkReader, refs: Uint8Array): Promise<Uint8Array> {
  const { session, artifact } = reader;
  return reader.gate.run(async () => {
    const { frames, pieces, transfer } = await fetchFrames(reader, refs);
    return (await session.send({ kind: 'give', artifact, frames, pieces }, transfer)).data;
  });
}

/** Reads the frames that hold the chunks from the store, and books the time. Call it inside the gate. */
export async function fetchFrames({ frames, fetched }: ChunkReader, refs: Uint8Array): Promise<Loaded> {
  const startedAt = performance.now();
  const loaded = await frames.load(refs);
  book(fetched, startedAt, loaded.bytes, loaded.bytes);
  return loaded;
}

/**
 * Cuts a list of references into parts of about 4 MiB of plaintext, from frames that may be held together; at least one reference
 * each. A part ends where a frame begins that it could not take whole: a frame is opened once for each part that it is needed for.
 */
export function* partsOf({ frames }: Pick<ChunkReader, 'frames'>, refs: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(refs.buffer, refs.byteOffset, refs.byteLength);
  const load = new FrameLoad(frames);
  let from = 0;
  let size = 0;
  for (let at = 0; at < refs.length; at += REF_BYTES) {
    const length = view.getUint32(at + 32, true);
    const begun = load.newAt(refs, at);
    const full = begun > 0 ? size + begun > PART_BYTES : size + length > PART_BYTES + REST_BYTES;
    if (size > 0 && (full || !load.add(refs, at))) {
      yield refs.subarray(from, at);
      from = at;
      size = 0;
      load.clear();
    }
    if (size === 0) load.add(refs, at);
    size += length;
  }
  if (from < refs.length) yield refs.subarray(from);
}

/** How much plaintext references are of. */
export function plainBytes(refs: Uint8Array): number {
  const view = new DataView(refs.buffer, refs.byteOffset, refs.byteLength);
  let sum = 0;
  for (let at = 32; at < refs.length; at += REF_BYTES) sum += view.getUint32(at, true);
  return sum;
}
