import { definePlugin } from 'holdfast/plugin';
import { coversFolder } from './coverage.ts';
import { filesOptions } from './options.ts';

export const plugin = definePlugin({
  kind: 'source',
  name: 'files',
  api: 1,
  version: '0.1.0',
  stability: 'beta',
  summary: 'Folders and files of this host, with owners, modes, times and every kind of link.',
  options: filesOptions,
  can: ['scratch', 'in-place'],
  covers: coversFolder,
  async open(options, host) {
    const { FilesSource } = await import('./source.ts');
    return new FilesSource(options, host);
  },
});
