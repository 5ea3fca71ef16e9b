import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Codec, fail } from 'holdfast/plugin';
import type { SpecimenOptions } from './options.ts';

const HEADER_BYTES = 8;

/** CRC-32 of all that follows ‖ length of the frame ‖ the frame, by deflate (RFC 1951). Numbers are u32, big-endian. */
export class SpecimenCodec implements Codec {
  readonly #level: number;

  constructor({ level }: SpecimenOptions) {
    this.#level = level;
  }

  encode(frame: Uint8Array): Uint8Array {
    const body = deflateRawSync(frame, { level: this.#level });
    const encoded = new Uint8Array(HEADER_BYTES + body.length);
    const view = new DataView(encoded.buffer);
    view.setUint32(4, frame.length);
    encoded.set(body, HEADER_BYTES);
    view.setUint32(0, crc32(encoded.subarray(4)));
    return encoded;
  }

  decode(encoded: Uint8Array, max: number): Uint8Array {
    if (encoded.length < HEADER_BYTES) return damaged('it is cut short');
    const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.length);
    if (crc32(encoded.subarray(4)) !== view.getUint32(0)) return damaged('its checksum is another');
    const length = view.getUint32(4);
    // Before anything is unpacked: a few bytes can claim to be gigabytes.
    if (length > max) return beyond(max);
    const frame = unpacked(encoded.subarray(HEADER_BYTES), length);
    return frame.length === length ? frame : damaged('its length is another');
  }
}

function unpacked(body: Uint8Array, length: number): Uint8Array {
  try {
    return inflateRawSync(body, { maxOutputLength: Math.max(length, 1) });
  } catch (thrown) {
    return damaged(thrown instanceof Error ? thrown.message : String(thrown), thrown);
  }
}

function beyond(max: number): never {
  const message = `a frame holds more than the ${max} bytes that belong in it`;
  return fail({ code: 'CODEC_LIMIT', message, origin: 'repository', permanent: true });
}

function damaged(why: string, cause?: unknown): never {
  const message = `a frame is damaged: ${why}`;
  return fail({ code: 'CODEC_DAMAGED', message, origin: 'repository', permanent: true }, cause);
}
