import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Diagnostic } from './diagnostic.ts';
import { unplaced } from './merging/files.ts';
import { SEARCH_PLACES, searchFolder, searchUpward } from './search.ts';

type Found = { readonly files: readonly string[] } | { readonly diagnostic: Diagnostic };

/** The files of the policy at `path`; without one, of the policy found from `cwd` upward or of the system. */
export async function findPolicyFiles(options: { readonly path?: string; readonly cwd: string }): Promise<Found> {
  const nowhere = (file: string, message: string, hint: string) => {
    return { diagnostic: unplaced('HF1001', file, message, hint) };
  };
  const cwd = path.resolve(options.cwd);
  if (options.path === undefined) {
    const found = await searchUpward(cwd);
    const places = SEARCH_PLACES.slice(0, 2).join(', ');
    if (found === undefined) {
      return nowhere(cwd, `no policy here or above (${places}, …)`, '`holdfast init` writes one; --policy names one');
    }
    const named = `name it if it is meant: --policy ${found.file}`;
    if (found.doubtful !== undefined) return nowhere(found.file, `not used unasked: ${found.doubtful}`, named);
    return { files: [found.file] };
  }
  const named = path.resolve(cwd, options.path);
  const folder = await stat(named).then(
    (info) => info.isDirectory(),
    () => false,
  );
  if (!folder) return { files: [named] };
  const file = await searchFolder(named);
  if (file !== undefined) return { files: [file] };
  const files = await policyFiles(named);
  if (files.length > 0) return { files };
  return nowhere(
    named,
    'there is no policy in this folder',
    `it is called ${SEARCH_PLACES[0]}, or is all files *.yaml of the folder together`,
  );
}

/** A folder without a policy of a known name is a policy itself: all its files together. */
async function policyFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  const files = names.filter((name) => /\.ya?ml$/i.test(name) && !name.startsWith('.')).sort();
  return files.map((name) => path.join(folder, name));
}
