import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { definePlugin, fail, Type } from '../contract/index.ts';

/** Writes what deflate makes of a frame back to front; by its option, it cannot be made. As a codec from outside would be. */
export const plugin = definePlugin({
  kind: 'codec',
  id: 222,
  name: 'backwards',
  api: 1,
  version: '3.2.1',
  stability: 'experimental',
  summary: 'Back to front.',
  options: Type.Object({ works: Type.Boolean({ default: true, description: 'Whether it can be made.' }) }),
  create({ works }) {
    if (!works) fail({ code: 'NO_LICENCE', message: 'the licence ran out', origin: 'policy', permanent: true });
    return {
      encode: (frame) => deflateRawSync(frame).toReversed(),
      decode: (frame, max) => inflateRawSync(frame.toReversed(), { maxOutputLength: max }),
    };
  },
});
