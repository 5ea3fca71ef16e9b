import type { Bytes } from 'holdfast/plugin';

/**
 * Gives the memory behind `bytes` back now: whoever calls this has it for himself, and needs nothing of it any more. Until garbage is
 * collected it would count as a burden, and much of it makes the collection look through the whole heap again and again. What is but
 * a part of a buffer stays: others may have the rest.
 */
export function giveBack({ buffer, length }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
}

/** Passes a stream on; each piece is gone when the next one is asked for. */
export async function* releasing(data: Bytes): Bytes {
  for await (const piece of data) {
    yield piece;
    giveBack(piece);
  }
}
