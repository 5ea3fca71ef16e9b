import { definePlugin } from 'holdfast/plugin';
import { specimenOptions } from './options.ts';
import { SpecimenChunker } from './specimen-chunker.ts';

export const plugin = definePlugin({
  kind: 'chunker',
  name: 'specimen',
  api: 1,
  version: '0.1.0',
  stability: 'experimental',
  summary: 'Cuts where four bytes look as its key says.',
  options: specimenOptions,
  create: (options, key) => new SpecimenChunker(options, key),
});
