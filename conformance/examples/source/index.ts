import { definePlugin } from 'holdfast/plugin';
import { specimenOptions } from './options.ts';

export const plugin = definePlugin({
  kind: 'source',
  name: 'specimen',
  api: 1,
  version: '0.1.0',
  stability: 'experimental',
  summary: 'The files that lie directly in a folder, each as a stream.',
  options: specimenOptions,
  can: [],
  covers: ({ folder }, other) => folder === other,
  async open(options, host) {
    const { SpecimenSource } = await import('./specimen-source.ts');
    return new SpecimenSource(options, host);
  },
});
