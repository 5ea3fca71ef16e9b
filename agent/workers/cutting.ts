import { type Chunker, fail } from '../contract/index.ts';

/**
 * The length of the next chunk of `window`, which is at least as long as the longest chunk or ends where the data does. A chunker
 * that breaks its promise would go round for ever or leave bytes out: `CHUNKER_BROKEN`.
 */
export function cutLength(chunker: Chunker, window: Uint8Array, end: boolean): number {
  const length = chunker.cut(window, end);
  if (Number.isInteger(length) && length >= 1 && length <= window.length && length <= chunker.maxBytes) return length;
  return fail({
    code: 'CHUNKER_BROKEN',
    message: `the chunker cut ${length} bytes off ${window.length}, of at most ${chunker.maxBytes}`,
    origin: 'policy',
    permanent: true,
    hint: 'this is a mistake in the chunker plugin: use another one and report it to whoever maintains it',
  });
}
