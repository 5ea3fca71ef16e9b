import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type Codec, fail } from 'holdfast/plugin';
import type { ZstdOptions } from './options.ts';

/**
 * One Zstandard frame (RFC 8878) with the content size written and no checksum: a frame of the repository is
 * authenticated before it is decoded, so a checksum would cost time and find nothing.
 */
export class ZstdCodec implements Codec {
  readonly #params: Record<number, number>;

  constructor(options: ZstdOptions) {
    this.#params = {
      [constants.ZSTD_c_compressionLevel]: options.level,
      [constants.ZSTD_c_contentSizeFlag]: 1,
      [constants.ZSTD_c_checksumFlag]: 0,
    };
  }

  encode(frame: Uint8Array): Uint8Array {
    return zstdCompressSync(frame, {
      params: this.#params,
      pledgedSrcSize: frame.length,
      chunkSize: compressBound(frame.length),
    });
  }

  decode(frame: Uint8Array, max: number): Uint8Array {
    if (!isZstdFrame(frame)) return damaged('it does not begin like a Zstandard frame');
    const decoded = decompress(frame, max);
    // The decoder stops at the end of the frame and says nothing of what follows.
    if (decoded.used !== frame.length) return damaged(`${frame.length - decoded.used} bytes follow the frame`);
    if (decoded.bytes.length > max) return beyond(max);
    return decoded.bytes;
  }
}

/** The most that `length` bytes can become (ZSTD_COMPRESSBOUND), so that one call into the library suffices. */
function compressBound(length: number): number {
  return length + (length >> 8) + 128;
}

/** The magic number, 0xFD2FB528 in little endian (RFC 8878, 3.1.1): not a skippable frame, not nothing. */
function isZstdFrame(frame: Uint8Array): boolean {
  return frame[0] === 0x28 && frame[1] === 0xb5 && frame[2] === 0x2f && frame[3] === 0xfd;
}

function decompress(frame: Uint8Array, max: number): { bytes: Uint8Array; used: number } {
  const options = { maxOutputLength: Math.max(max, 1), chunkSize: Math.max(max + 1, 64), info: true as const };
  try {
    // With `info`, what @types/node calls a Buffer is this pair (nodejs.org/api/zlib.html, class Options).
    const { buffer, engine } = zstdDecompressSync(frame, options) as unknown as Decompressed;
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
  const message = `a zstd frame holds more than the ${max} bytes that belong in it`;
  return fail({ code: 'CODEC_LIMIT', message, origin: 'repository', permanent: true }, cause);
}

function damaged(why: string, cause?: unknown): never {
  const message = `a zstd frame is damaged: ${why}`;
  return fail({ code: 'CODEC_DAMAGED', message, origin: 'repository', permanent: true }, cause);
}
