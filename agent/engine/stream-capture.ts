import type { Bytes, Chunker } from '../contract/index.ts';
import { cutChunk } from '../workers/chunk-store.ts';
import { book, type Counters } from '../workers/counters.ts';
import type { WorkerSession } from '../workers/session.ts';
import type { Progress } from './progress.ts';
import type { UsedSlots } from './used-slots.ts';

/** Whole chunks are handed to a worker once they are this much together; bytes. */
const SEGMENT_BYTES = 4 * 1024 * 1024;
/** Most streams of a tree are short. */
const FIRST_WINDOW_BYTES = 64 * 1024;

export interface StreamCaptureOptions {
  readonly session: WorkerSession;
  readonly artifact: number;
  readonly chunker: Chunker;
  readonly used: UsedSlots;
  readonly progress: Progress;
  /** Where reading and cutting are booked: they happen on this thread. Reading is the time that the source is waited for. */
  readonly counters: Counters;
  /** Called with how much was read so far; bytes. */
  onSize?(size: number): void;
  /** Called when the stream was read to its end; what it gave is still on its way to a worker then. */
  onRead?(): void;
}

export interface CapturedStream {
  readonly size: number;
  /** The stream's chunks in order, n × 36 bytes. */
  readonly refs: Uint8Array;
}

/**
 * Cuts a stream into chunks on this thread and hands them on in segments that end where a chunk does, so that the chunks are the
 * same as if one thread had done it all, while naming, compressing and encrypting them is spread over the workers.
 * Buffers are transferred there and back; their number is bounded by the room in the session.
 */
export async function captureStream(data: Bytes, o: StreamCaptureOptions): Promise<CapturedStream> {
  const capacity = SEGMENT_BYTES + o.chunker.maxBytes;
  const spare: Uint8Array<ArrayBuffer>[] = [];
  const sent: Promise<Uint8Array>[] = [];
  const lists: Uint8Array[] = [];
  let window = new Uint8Array(Math.min(capacity, FIRST_WINDOW_BYTES));
  let filled = 0;
  let size = 0;

  const send = async (ended: boolean): Promise<void> => {
    const lengths: number[] = [];
    let cut = 0;
    while (cut < filled) {
      // Less than the longest chunk may not be enough to tell; looking at it twice would be wasted.
      if (!ended && filled - cut < o.chunker.maxBytes) break;
      const length = cutChunk(o.chunker, window.subarray(cut, filled), ended, o.counters);
      lengths.push(length);
      cut += length;
    }
    if (cut === 0) return;
    await o.session.room();
    const next = ended ? new Uint8Array(filled - cut) : (spare.pop() ?? new Uint8Array(capacity));
    next.set(window.subarray(cut, filled));
    const full = window;
    window = next;
    filled -= cut;
    const stored = o.session
      .send({ kind: 'chunks', artifact: o.artifact, group: 'data', data: full, lengths: Uint32Array.from(lengths) }, [
        full.buffer,
      ])
      .then((reply) => {
        spare.push(reply.data as Uint8Array<ArrayBuffer>);
        o.used.addAll(reply.stored.slots);
        return reply.stored.refs;
      });
    // A failure is seen below; until then, which a slow source may make long, it must not count as unhandled.
    stored.catch(() => {});
    sent.push(stored);
    // The oldest is awaited as soon as it can be, so that a failure stops the stream and lists do not pile up.
    if (sent.length > 16) lists.push(await (sent.shift() as Promise<Uint8Array>));
  };

  try {
    let waitingSince = performance.now();
    for await (const piece of untilEnded(data, o.session)) {
      book(o.counters.stages.read, waitingSince, piece.length, piece.length);
      size += piece.length;
      o.onSize?.(size);
      o.progress.bytes += piece.length;
      o.progress.bytesRead += piece.length;
      for (let at = 0; at < piece.length; ) {
        if (filled === window.length) window = grown(window, capacity);
        const taken = Math.min(window.length - filled, piece.length - at);
        window.set(piece.subarray(at, at + taken), filled);
        filled += taken;
        at += taken;
        if (filled === capacity) await send(false);
      }
      waitingSince = performance.now();
    }
    o.onRead?.();
    while (filled > 0) await send(true);
    lists.push(...(await Promise.all(sent)));
  } catch (error) {
    await Promise.allSettled(sent);
    throw error;
  }
  return { size, refs: Buffer.concat(lists) };
}

function grown(window: Uint8Array<ArrayBuffer>, capacity: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.min(capacity, window.length * 4));
  larger.set(window);
  return larger;
}

/** The stream, until the session ends: a source that is slow to give its next piece does not keep a failed run waiting. */
async function* untilEnded(data: Bytes, session: WorkerSession): Bytes {
  const iterator = data[Symbol.asyncIterator]();
  let stop: ((error: unknown) => void) | undefined;
  let ended: unknown;
  const forget = session.onEnd((error) => {
    ended = error;
    stop?.(error);
  });
  let open = true;
  try {
    for (;;) {
      if (ended !== undefined) throw ended;
      const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        stop = reject;
        iterator.next().then(resolve, reject);
      });
      if (next.done === true) {
        open = false;
        return;
      }
      yield next.value;
    }
  } finally {
    forget();
    // Not awaited: a generator that is waiting for its own source would answer only when that does.
    if (open) iterator.return?.()?.catch(() => {});
  }
}
