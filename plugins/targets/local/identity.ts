import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** The folder by its real name, however it is written and through whatever links; of what is missing, as far as it exists. */
export function identityOf(path: string): string {
  return `local:${realOf(resolve(path))}`;
}

function realOf(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realOf(parent), basename(path));
  }
}
