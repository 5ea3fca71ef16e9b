import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type Codec, fail } from 'holdfast/plugin';
import { frameEnd } from './frame-end.ts';
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
    const end = frameEnd(frame);
    // The decoder takes what follows for another frame, or says nothing of it.
    if (end < frame.length) return damaged(`${frame.length - end} bytes follow the frame`);
    const decoded = decompress(frame, max);
    return decoded.length > max ? beyond(max) : decoded;
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

function decompress(frame: Uint8Array, max: number): Uint8Array {
  try {
    return zstdDecompressSync(frame, { maxOutputLength: Math.max(max, 1), chunkSize: Math.max(max + 1, 64) });
  } catch (thrown) {
    if (thrown instanceof RangeError) return beyond(max, thrown);
    return damaged(thrown instanceof Error ? thrown.message : String(thrown), thrown);
  }
}

function beyond(max: number, cause?: unknown): never {
  const message = `a zstd frame holds more than the ${max} bytes that belong in it`;
  return fail({ code: 'CODEC_LIMIT', message, origin: 'repository', permanent: true }, cause);
}

function damaged(why: string, cause?: unknown): never {
  const message = `a zstd frame is damaged: ${why}`;
  return fail({ code: 'CODEC_DAMAGED', message, origin: 'repository', permanent: true }, cause);
}
