import { definePlugin } from 'holdfast/plugin';
import { specimenOptions } from './options.ts';

export const plugin = definePlugin({
  kind: 'notifier',
  name: 'specimen',
  api: 1,
  version: '0.1.0',
  stability: 'experimental',
  summary: 'Posts each event as JSON to a URL.',
  options: specimenOptions,
  async open(options, host) {
    const { SpecimenNotifier } = await import('./specimen-notifier.ts');
    return new SpecimenNotifier(options, host);
  },
});
