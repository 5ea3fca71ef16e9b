import { gunzipSync, gzipSync } from 'node:zlib';
import { type Codec, fail } from 'holdfast/plugin';
import type { GzipOptions } from './options.ts';

/** One gzip member (RFC 1952) whose header is the same everywhere: no time, no name, operating system unknown. */
export class GzipCodec implements Codec {
  readonly #level: number;

  constructor(options: GzipOptions) {
    this.#level = options.level;
  }

  encode(frame: Uint8Array): Uint8Array {
    const encoded = gzipSync(frame, { level: this.#level, chunkSize: compressBound(frame.length) });
    // zlib writes the system it was built for into the field OS (RFC 1952, 2.3.1); 255 is "unknown".
    encoded[9] = 255;
    return encoded;
  }

  decode(frame: Uint8Array, max: number): Uint8Array {
    const decoded = decompress(frame, max);
    // Zeros after the end of a member are padding to zlib, and no error.
    if (decoded.used !== frame.length) return damaged(`${frame.length - decoded.used} bytes follow the member`);
    if (decoded.bytes.length > max) return beyond(max);
    return decoded.bytes;
  }
}

/** The most that `length` bytes can become (zlib's deflateBound, and the 18 bytes around it), in one call. */
function compressBound(length: number): number {
  return length + (length >> 3) + 256;
}

function decompress(frame: Uint8Array, max: number): { bytes: Uint8Array; used: number } {
  const options = { maxOutputLength: Math.max(max, 1), chunkSize: Math.max(max + 1, 64), info: true as const };
  try {
    // With `info`, what @types/node calls a Buffer is this pair (nodejs.org/api/zlib.html, class Options).
    const { buffer, engine } = gunzipSync(frame, options) as unknown as Decompressed;
    return { bytes: buffer, used: engine.bytesWritten };
  } catch (thrown) {
    if (thrown instanceof RangeError) return beyond(max, thrown);
    return damaged(thrown instanceof Error ? thrown.message : String(thrown), thrown);
  }
}

interface Decompressed {
  readonly buffer: Uint8Array;
  /** `bytesWritten`: how much of the input was taken. */
  readonly engine: { readonly bytesWritten: number };
}

function beyond(max: number, cause?: unknown): never {
  const message = `a gzip member holds more than the ${max} bytes that belong in it`;
  return fail({ code: 'CODEC_LIMIT', message, origin: 'repository', permanent: true }, cause);
}

function damaged(why: string, cause?: unknown): never {
  const message = `a gzip member is damaged: ${why}`;
  return fail({ code: 'CODEC_DAMAGED', message, origin: 'repository', permanent: true }, cause);
}
