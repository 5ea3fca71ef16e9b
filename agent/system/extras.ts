import type { ExtrasAccess } from './inode-extras.ts';
import { Libc } from './libc.ts';
import { LibcExtras } from './libc-extras.ts';
import { ToolExtras } from './tool-extras.ts';

/** The way to extended attributes and flags that this process has. */
export function openExtras(): ExtrasAccess {
  const libc = Libc.open();
  return libc === undefined ? new ToolExtras() : new LibcExtras(libc);
}
