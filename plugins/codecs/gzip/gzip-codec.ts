import { crc32, gzipSync, inflateRawSync } from 'node:zlib';
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

  /** Exactly one member, with none of the optional fields: zlib itself would take several, and padding behind them. */
  decode(frame: Uint8Array, max: number): Uint8Array {
    if (Buffer.compare(frame.subarray(0, START.length), START) !== 0) return damaged('it does not start as a member');
    const end = frame.length - TRAILER_BYTES;
    if (end < HEADER_BYTES) return damaged('it is cut short');
    const decoded = decompress(frame.subarray(HEADER_BYTES, end), max);
    const over = end - HEADER_BYTES - decoded.used;
    if (over !== 0) return damaged(`${over} bytes follow the member`);
    if (decoded.bytes.length > max) return beyond(max);
    const trailer = new DataView(frame.buffer, frame.byteOffset + end, TRAILER_BYTES);
    const same =
      trailer.getUint32(0, true) === crc32(decoded.bytes) && trailer.getUint32(4, true) === decoded.bytes.length;
    return same ? decoded.bytes : damaged('its checksum or length is another');
  }
}

/** Magic, method deflate, no flags (RFC 1952, 2.3). */
const START = Buffer.of(0x1f, 0x8b, 8, 0);
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;

/** The most that `length` bytes can become (zlib's deflateBound, and the 18 bytes around it), in one call. */
function compressBound(length: number): number {
  return length + (length >> 3) + 256;
}

function decompress(frame: Uint8Array, max: number): { bytes: Uint8Array; used: number } {
  const options = { maxOutputLength: Math.max(max, 1), chunkSize: Math.max(max + 1, 64), info: true as const };
  try {
    // With `info`, what @types/node calls a Buffer is this pair (nodejs.org/api/zlib.html, class Options).
    const { buffer, engine } = inflateRawSync(frame, options) as unknown as Decompressed;
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
