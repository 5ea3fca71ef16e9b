import { definePlugin } from 'holdfast/plugin';
import { specimenOptions } from './options.ts';

export const plugin = definePlugin({
  kind: 'target',
  name: 'specimen',
  api: 1,
  version: '0.1.0',
  stability: 'experimental',
  summary: 'A folder with one file for each object.',
  options: specimenOptions,
  identity: ({ path }) => `specimen:${path}`,
  folder: ({ path }) => path,
  async create({ path }) {
    const { createFolder } = await import('./specimen-target.ts');
    await createFolder(path);
  },
  async open({ path }, host) {
    const { openFolder } = await import('./specimen-target.ts');
    return openFolder(path, host);
  },
});
