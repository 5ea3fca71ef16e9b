import type { WorkerSession } from '../workers/session.ts';
import type { UsedSlots } from './used-slots.ts';

export const REF_BYTES = 36;
/** 7,281 references: a page of a little under 256 KiB. */
export const REFS_PER_PAGE = Math.floor((256 * 1024) / REF_BYTES);

/**
 * Stores a long list of chunk references as chunks of its own ("pages" of the list), cut every 7,281 references.
 * Returns the references of those chunks: n × 36 bytes.
 */
export async function storeChunkList(
  session: WorkerSession,
  artifact: number,
  used: UsedSlots,
  list: Uint8Array,
): Promise<Uint8Array> {
  const pageBytes = REFS_PER_PAGE * REF_BYTES;
  const lengths: number[] = [];
  for (let at = 0; at < list.length; at += pageBytes) lengths.push(Math.min(pageBytes, list.length - at));
  const data = list.slice();
  const reply = await session.send(
    { kind: 'chunks', artifact, group: 'page', data, lengths: Uint32Array.from(lengths) },
    [data.buffer],
  );
  used.addAll(reply.stored.slots);
  return reply.stored.refs;
}

/** The sum of the lengths in a packed list of references. */
export function lengthOf(refs: Uint8Array): number {
  const view = new DataView(refs.buffer, refs.byteOffset, refs.byteLength);
  let sum = 0;
  for (let at = 32; at < refs.length; at += REF_BYTES) sum += view.getUint32(at, true);
  return sum;
}
