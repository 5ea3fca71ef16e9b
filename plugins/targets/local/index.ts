import { definePlugin } from 'holdfast/plugin';
import { identityOf } from './identity.ts';
import { localOptions } from './options.ts';

export const plugin = definePlugin({
  kind: 'target',
  name: 'local',
  api: 1,
  version: '0.1.0',
  stability: 'beta',
  summary: 'A folder: on a local disk, or on a mounted network file system.',
  options: localOptions,
  identity: (options) => identityOf(options.path),
  folder: (options) => options.path,
  async create(options) {
    const { createRoot } = await import('./root.ts');
    await createRoot(options.path);
  },
  async open(options, host) {
    const { openLocalTarget } = await import('./local-target.ts');
    return openLocalTarget(options, host);
  },
});
