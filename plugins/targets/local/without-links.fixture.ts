import { definePlugin } from 'holdfast/plugin';
import { plugin as local } from './index.ts';
import { openLocalTarget } from './local-target.ts';

/** The local target as it works on a file system that has no hard links. */
export const plugin = definePlugin({
  ...local,
  open: (options, host) => openLocalTarget(options, host, noLinks),
});

async function noLinks(): Promise<void> {
  throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM', syscall: 'link' });
}
