import { definePlugin, Type } from '../contract/index.ts';

/** Compresses well and gives something else back, as memory that flips a bit would. */
export const plugin = definePlugin({
  kind: 'codec',
  id: 254,
  name: 'wrong',
  api: 1,
  version: '0.0.0',
  stability: 'experimental',
  summary: 'Gives back something else.',
  options: Type.Object({}),
  create: () => ({
    encode: (frame) => frame.slice(0, 10),
    decode: (_, max) => new Uint8Array(max).fill(1),
  }),
});
