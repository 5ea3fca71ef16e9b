import { definePlugin } from 'holdfast/plugin';
import { zstdOptions } from './options.ts';
import { ZstdCodec } from './zstd-codec.ts';

export const plugin = definePlugin({
  kind: 'codec',
  name: 'zstd',
  id: 1,
  api: 1,
  version: '0.1.0',
  stability: 'beta',
  summary: 'Zstandard: the one to take, unless something else must read the frames.',
  options: zstdOptions,
  create: (options) => new ZstdCodec(options),
});
