import { definePlugin } from 'holdfast/plugin';
import { specimenOptions } from './options.ts';

export const plugin = definePlugin({
  kind: 'check',
  name: 'specimen',
  api: 1,
  version: '0.1.0',
  stability: 'experimental',
  summary: 'Asks a URL, and looks at the status of the answer.',
  options: specimenOptions,
  async open(options, host) {
    const { SpecimenCheck } = await import('./specimen-check.ts');
    return new SpecimenCheck(options, host);
  },
});
