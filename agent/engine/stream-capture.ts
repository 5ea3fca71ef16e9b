import type { Bytes, Chunker } from '../contract/index.ts';
import type { WorkerSession } from '../workers/session.ts';
import type { Progress } from './progress.ts';
import type { UsedSlots } from './used-slots.ts';

/** Whole chunks are handed to a worker once they are this much together; bytes. */
const SEGMENT_BYTES = 8 * 1024 * 1024;

export interface StreamCaptureOptions {
  readonly session: WorkerSession;
  readonly artifact: number;
  readonly chunker: Chunker;
  readonly used: UsedSlots;
  readonly progress: Progress;
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
  const capacity = SEGMENT_BYTES + 2 * o.chunker.maxBytes;
  const spare: Uint8Array<ArrayBuffer>[] = [];
  const sent: Promise<Uint8Array>[] = [];
  const lists: Uint8Array[] = [];
  let window = new Uint8Array(capacity);
  let filled = 0;
  let size = 0;

  const send = async (ended: boolean): Promise<void> => {
    const lengths: number[] = [];
    let cut = 0;
    while (cut < filled) {
      // Less than the longest chunk may not be enough to tell; looking at it twice would be wasted.
      if (!ended && filled - cut < o.chunker.maxBytes) break;
      const length = o.chunker.cut(window.subarray(cut, filled), ended);
      lengths.push(length);
      cut += length;
    }
    if (cut === 0) return;
    await o.session.room();
    const next = spare.pop() ?? new Uint8Array(capacity);
    next.set(window.subarray(cut, filled));
    const full = window;
    window = next;
    filled -= cut;
    sent.push(
      o.session
        .send({ kind: 'chunks', artifact: o.artifact, group: 'data', data: full, lengths: Uint32Array.from(lengths) }, [
          full.buffer,
        ])
        .then((reply) => {
          spare.push(reply.data as Uint8Array<ArrayBuffer>);
          o.used.addAll(reply.stored.slots);
          return reply.stored.refs;
        }),
    );
    // The oldest is awaited as soon as it can be, so that a failure stops the stream and lists do not pile up.
    if (sent.length > 16) lists.push(await (sent.shift() as Promise<Uint8Array>));
  };

  try {
    for await (const piece of data) {
      size += piece.length;
      o.progress.bytes += piece.length;
      o.progress.bytesRead += piece.length;
      for (let at = 0; at < piece.length; ) {
        const taken = Math.min(capacity - filled, piece.length - at);
        window.set(piece.subarray(at, at + taken), filled);
        filled += taken;
        at += taken;
        if (filled === capacity) await send(false);
      }
    }
    while (filled > 0) await send(true);
    lists.push(...(await Promise.all(sent)));
  } catch (error) {
    await Promise.allSettled(sent);
    throw error;
  }
  return { size, refs: Buffer.concat(lists) };
}
