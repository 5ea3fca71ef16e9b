import type { FileToWrite, LocalPiece, Piece } from '../workers/messages.ts';
import { REF_BYTES } from './frame-source.ts';

/** What a file of this host has of a stored one: where each chunk begins in it, −1 where it has none. */
export interface Local {
  readonly path: Uint8Array;
  readonly at: Float64Array;
}

/** The references to what the file of this host does not have. */
export function absent(refs: Uint8Array, local: Local | undefined): Uint8Array[] {
  if (local === undefined) return [refs];
  const parts: Uint8Array[] = [];
  local.at.forEach((at, i) => {
    if (at < 0) parts.push(refs.subarray(i * REF_BYTES, (i + 1) * REF_BYTES));
  });
  return parts;
}

/** The pieces of a file in order: what the file of this host has from there, all else from what was fetched. */
export function piecesOf(
  refs: Uint8Array,
  local: Local | undefined,
  fetched: Iterator<Piece>,
): Pick<FileToWrite, 'pieces' | 'like'> {
  const view = new DataView(refs.buffer, refs.byteOffset, refs.byteLength);
  const pieces: (Piece | LocalPiece)[] = [];
  for (let at = 0, i = 0; at < refs.length; at += REF_BYTES, i++) {
    const from = local?.at[i] ?? -1;
    if (from < 0) pieces.push(fetched.next().value as Piece);
    else pieces.push({ local: from, length: view.getUint32(at + 32, true), id: refs.subarray(at, at + 32) });
  }
  return local === undefined ? { pieces } : { pieces, like: local.path };
}
