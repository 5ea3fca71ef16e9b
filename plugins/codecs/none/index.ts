import { definePlugin } from 'holdfast/plugin';
import { NoneCodec } from './none-codec.ts';
import { noneOptions } from './options.ts';

export const plugin = definePlugin({
  kind: 'codec',
  name: 'none',
  id: 0,
  api: 1,
  version: '0.1.0',
  stability: 'stable',
  summary: 'No compression, for data that is compressed already.',
  options: noneOptions,
  create: () => new NoneCodec(),
});
