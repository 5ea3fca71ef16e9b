import type { Meta, PlainContent } from '../contract/index.ts';

/** A chunk of content as lists hold it: id 32 | plaintext length u32, little-endian. */
export const CHUNK_REF_BYTES = 36;
/** A file with more chunks names the chunks that hold its list, so that an entry stays small. */
export const MAX_INLINE_CHUNKS = 1024;
export const MAX_ENTRY_BYTES = 16 * 1024 * 1024;

/**
 * An entry of a tree as the repository keeps it. `chunks` is n × 36 bytes, the content in order, its lengths adding up to
 * `size`; `lists` is m × 36 bytes, the chunks whose plaintexts, one after the other, are such a list.
 */
export type TreeRecord = { readonly path: Uint8Array; readonly meta: Meta } & (
  | PlainContent
  | { readonly kind: 'file'; readonly size: number; readonly chunks: Uint8Array; readonly sparse?: true }
  | { readonly kind: 'file'; readonly size: number; readonly lists: Uint8Array; readonly sparse?: true }
);
