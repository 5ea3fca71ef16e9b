import { definePlugin } from 'holdfast/plugin';
import { specimenOptions } from './options.ts';
import { SpecimenCodec } from './specimen-codec.ts';

export const plugin = definePlugin({
  kind: 'codec',
  name: 'specimen',
  // Stands in every frame, so it can never change: a number from 128 to 254 that no other codec of yours has.
  id: 200,
  api: 1,
  version: '0.1.0',
  stability: 'experimental',
  summary: 'Compresses by deflate, with a checksum of its own.',
  options: specimenOptions,
  create: (options) => new SpecimenCodec(options),
});
