import { definePlugin } from 'holdfast/plugin';
import { FixedChunker } from './fixed-chunker.ts';
import { fixedOptions } from './options.ts';

export const plugin = definePlugin({
  kind: 'chunker',
  name: 'fixed',
  api: 1,
  version: '0.1.0',
  stability: 'beta',
  summary: 'Blocks of one length, for files that are changed in place, page by page.',
  options: fixedOptions,
  create: (options) => new FixedChunker(options),
});
