import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** For a pipe that somebody is about to write to. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 20;
const PIECE_BYTES = 1 << 20;
const asleep = new Int32Array(new SharedArrayBuffer(4));

/**
 * What a file holds, but no more than a piece beyond `most` bytes: a device says that it has none, and never ends. A pipe is waited
 * for, but not for ever. Throws as `open` and `read` do.
 */
export function readBounded(file: string, most: number): Buffer {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const isPipe = fstatSync(descriptor).isFIFO();
    const until = performance.now() + PATIENCE_MS;
    const pieces: Buffer[] = [];
    let length = 0;
    while (length <= most) {
      const piece = readPiece(descriptor);
      if (piece !== undefined && piece.length > 0) {
        pieces.push(piece);
        length += piece.length;
      } else if (piece !== undefined && (length > 0 || !isPipe)) break;
      else if (performance.now() > until) break;
      else Atomics.wait(asleep, 0, 0, PAUSE_MS);
    }
    return Buffer.concat(pieces);
  } finally {
    closeSync(descriptor);
  }
}

/** `undefined` when there is nothing yet. */
function readPiece(descriptor: number): Buffer | undefined {
  const piece = Buffer.alloc(PIECE_BYTES);
  try {
    return piece.subarray(0, readSync(descriptor, piece));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return undefined;
    throw error;
  }
}
