import { definePlugin } from 'holdfast/plugin';
import { FastcdcChunker } from './fastcdc-chunker.ts';
import { fastcdcOptions } from './options.ts';

export const plugin = definePlugin({
  kind: 'chunker',
  name: 'fastcdc',
  api: 1,
  version: '0.1.0',
  stability: 'beta',
  summary: 'Chunks that follow the content: what is inserted into a file changes only the chunks around it.',
  options: fastcdcOptions,
  create: (options, key) => new FastcdcChunker(options, key),
});
