import type { WorkerSession } from '../workers/session.ts';
import { lengthOf, REF_BYTES, REFS_PER_PAGE } from './chunk-lists.ts';
import { PageStore, type StoredPage } from './page-store.ts';
import type { UsedSlots } from './used-slots.ts';

/** Stores the chunk list of a byte stream as pages; `first` of each page is the offset of its first byte (u64, big endian). */
export async function storeByteList(
  o: { session: WorkerSession; artifact: number; used: UsedSlots },
  refs: Uint8Array,
): Promise<StoredPage[]> {
  const pages = new PageStore(o);
  let offset = 0;
  const pageBytes = REFS_PER_PAGE * REF_BYTES;
  for (let at = 0; at < refs.length; at += pageBytes) {
    const bytes = refs.subarray(at, Math.min(at + pageBytes, refs.length));
    const first = new Uint8Array(8);
    new DataView(first.buffer).setBigUint64(0, BigInt(offset));
    pages.add({ bytes, first });
    offset += lengthOf(bytes);
    if (pages.full) await pages.send();
  }
  return pages.finish();
}
