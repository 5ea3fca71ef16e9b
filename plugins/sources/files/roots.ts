import { promises as fs } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { type Failure, fail } from 'holdfast/plugin';
import { errnoOf, sourceFailure } from './failure.ts';
import { printable, type RawPath, rawPath, rawPathOf, systemPath } from './raw-path.ts';

/** What of a folder is walked: everything, or only these names, and of each of them this. */
export type Branch = 'all' | Map<RawPath, Branch>;

/** The absolute folder that is the root of the tree, and what below it is protected. */
export interface Selection {
  readonly base: RawPath;
  readonly branch: Branch;
}

/** One of the option's paths, after every link on the way to it was resolved. */
export interface Root {
  readonly path: RawPath;
  readonly folder: boolean;
}

interface RootFinder {
  readonly paths: readonly string[];
  readonly onMissing: 'error' | 'skip';
  skip(what: string, failure: Failure): void;
}

/**
 * Finds the roots. Links on the way to a root, and a root that is a link itself, are resolved here, once: the tree has the
 * real paths, and below them no link is followed. Fails with `SOURCE_MISSING` (a root is not there, or none is),
 * `SOURCE_DENIED` or `SOURCE_IO` (a root cannot be reached, or none can be listed).
 */
export async function findRoots(finder: RootFinder): Promise<readonly Root[]> {
  const roots: Root[] = [];
  const unlisted: Failure[] = [];
  for (const path of finder.paths) {
    const found = await findRoot(resolve(path));
    if ('folder' in found) {
      const failure = found.folder ? await listable(found.path) : undefined;
      if (failure !== undefined) unlisted.push(failure);
      roots.push(found);
    } else if (found.code === 'SOURCE_MISSING' && finder.onMissing === 'skip') {
      finder.skip(printable(rawPath(path)), found);
    } else {
      fail(found);
    }
  }
  if (roots.length === 0) fail(missing(finder.paths.join(', ')));
  const [first] = unlisted;
  if (first !== undefined && unlisted.length === roots.length) fail(first);
  return roots;
}

/**
 * Where the tree begins. One path that is a folder is the root itself; one that is a file lies alone in its folder; of
 * several paths (`several`: as the policy has them, found or not) each lies under its absolute path.
 */
export function selectionOf(roots: readonly Root[], several: boolean): Selection {
  const [first] = roots;
  if (first !== undefined && !several) {
    if (first.folder) return { base: first.path, branch: 'all' };
    return { base: dirname(first.path), branch: new Map([[basename(first.path), 'all']]) };
  }
  let branch: Branch = new Map();
  for (const { path } of roots) branch = extend(branch, path.split('/').filter(Boolean));
  return { base: '/', branch };
}

function extend(branch: Branch, names: readonly RawPath[]): Branch {
  const [name, ...rest] = names;
  if (branch === 'all' || name === undefined) return 'all';
  return branch.set(name, extend(branch.get(name) ?? new Map(), rest));
}

async function findRoot(path: string): Promise<Root | Failure> {
  try {
    const real = rawPathOf(await fs.realpath(path, { encoding: 'buffer' }));
    const stats = await fs.lstat(systemPath(real));
    return { path: real, folder: stats.isDirectory() };
  } catch (error) {
    return ['ENOENT', 'ENOTDIR'].includes(errnoOf(error))
      ? missing(path)
      : sourceFailure(error, 'reach', rawPath(path));
  }
}

async function listable(path: RawPath): Promise<Failure | undefined> {
  try {
    await (await fs.opendir(systemPath(path))).close();
    return undefined;
  } catch (error) {
    return sourceFailure(error, 'list', path);
  }
}

function missing(path: string): Failure {
  return {
    code: 'SOURCE_MISSING',
    message: `there is nothing at ${printable(rawPath(path))}`,
    origin: 'source',
    permanent: false,
    hint: 'correct the path; or, where it may come and go, set onMissing: skip',
  };
}
