/** Trees as a repository keeps them: records in tree order, cut into pages. */
export { decodePage, encodeRecord, PageWriter, type TreePage } from './page.ts';
export { totalLength } from './tree-fields.ts';
export { compareTreeOrder } from './tree-order.ts';
export { CHUNK_REF_BYTES, MAX_INLINE_CHUNKS, type TreeRecord } from './tree-record.ts';
