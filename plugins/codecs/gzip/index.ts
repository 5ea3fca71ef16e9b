import { definePlugin } from 'holdfast/plugin';
import { GzipCodec } from './gzip-codec.ts';
import { gzipOptions } from './options.ts';

export const plugin = definePlugin({
  kind: 'codec',
  name: 'gzip',
  id: 2,
  api: 1,
  version: '0.1.0',
  stability: 'beta',
  summary: 'Gzip, where policy or tools ask for it; zstd is faster and smaller.',
  options: gzipOptions,
  create: (options) => new GzipCodec(options),
});
