import { posix } from 'node:path';
import ignore from 'ignore';
import type { FilesOptions } from './options.ts';

/**
 * Whether a backup would read what lies in `folder` (absolute), judged by the options alone: nothing on disk is looked at, so that
 * symbolic links and files of patterns do not count.
 */
export function coversFolder(options: FilesOptions, folder: string): boolean {
  const rules = ignore({ ignorecase: false }).add(options.exclude ?? []);
  const wanted = posix.normalize(folder).replace(/\/$/, '');
  return options.paths.some((path) => {
    const root = posix.normalize(path).replace(/\/$/, '');
    if (wanted === root) return true;
    return wanted.startsWith(`${root}/`) && !rules.ignores(`${wanted.slice(root.length + 1)}/`);
  });
}
