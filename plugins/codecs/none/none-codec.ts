import { type Codec, fail } from 'holdfast/plugin';

/** Stores a frame as it is. Both ways hand back the very bytes they were given: nothing is copied. */
export class NoneCodec implements Codec {
  encode(frame: Uint8Array): Uint8Array {
    return frame;
  }

  decode(frame: Uint8Array, max: number): Uint8Array {
    if (frame.length <= max) return frame;
    return fail({
      code: 'CODEC_LIMIT',
      message: `a frame of ${frame.length} bytes, where at most ${max} belong`,
      origin: 'repository',
      permanent: true,
    });
  }
}
