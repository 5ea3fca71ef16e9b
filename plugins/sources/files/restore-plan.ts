import { lstatSync, type Stats } from 'node:fs';
import { fail, type Plan, type Reader, type RestoreRequest, type StoredEntry } from 'holdfast/plugin';
import { reachPath } from 'holdfast/system';
import { errnoOf, escapes, restoreFailure } from './failure.ts';
import { bytesOf, childOf, parentOf, printable, type RawPath, rawPath, rawPathOf } from './raw-path.ts';
import { wanted } from './restore-request.ts';
import { checkPath, OpenFolders } from './tree-shape.ts';

/** What will be done about one entry. `below`: something else stands where the folder it lies in would be. */
type Step = 'make' | 'enter' | 'keep' | 'replace' | 'conflict' | 'below';

// A plan is read by people: so many paths of each kind are named, the others are counted.
const NAMED = 50;

/**
 * Compares the tree with the folder. Touches nothing. Fails with `RESTORE_CONFLICT` (something stands where something
 * would be written, and may not be replaced) or `RESTORE_ESCAPE` (the tree or a link in the folder leads out of it).
 */
export async function planRestore(
  request: RestoreRequest,
  from: Reader,
  artifact: string,
  signal: AbortSignal,
): Promise<Plan> {
  const { folder, patterns, conflict } = wanted(request);
  const root = rawPath(folder);
  const rootStep = stepForRoot(root);
  const folders = new OpenFolders(rootStep);
  const allFolders = new Set(['']);
  const kinds = new Map<string, number>();
  const named = { keep: new Paths(), replace: new Paths(), conflict: new Paths() };
  let bytes = 0;
  for await (const entry of from.tree(artifact, patterns)) {
    signal.throwIfAborted();
    const path = rawPathOf(entry.path);
    const step = path === '' ? rootStep : stepFor(entry, path, folders.around(path), { root, conflict });
    if (entry.kind === 'directory') {
      if (path !== '') folders.enter(path, step);
      allFolders.add(path);
    }
    if (entry.kind === 'hardlink') checkTarget(rawPathOf(entry.target), patterns === undefined, allFolders);
    if (step === 'keep' || step === 'replace' || step === 'conflict') named[step].add(path);
    if (step !== 'make' && step !== 'replace') continue;
    kinds.set(entry.kind, (kinds.get(entry.kind) ?? 0) + 1);
    if (entry.kind === 'file') bytes += entry.size;
  }
  if (named.conflict.count > 0) refuse(folder, named.conflict);
  const made = [...kinds].map(([kind, count]) => `${count} × ${kind}`).join(', ');
  return {
    steps: [
      `write ${made === '' ? 'nothing' : `${made}, ${bytes} bytes,`} into ${printable(root)}`,
      ...named.keep.lines('keep'),
      ...named.replace.lines('replace'),
    ],
    state: { bytes, ...Object.fromEntries(kinds), kept: named.keep.count, replaced: named.replace.count },
  };
}

function stepFor(
  entry: StoredEntry,
  path: RawPath,
  parent: Step,
  { root, conflict }: { root: RawPath; conflict: RestoreRequest['conflict'] },
): Step {
  if (parent === 'make' || parent === 'replace') return 'make';
  if (parent !== 'enter') return 'below';
  const stands = standing(childOf(root, path));
  if (stands === undefined) return 'make';
  const isFolder = entry.kind === 'directory';
  if (isFolder && stands.isDirectory()) return 'enter';
  if (conflict === 'skip') return 'keep';
  if (isFolder && stands.isSymbolicLink()) escapes(path, 'a symbolic link stands in the place of this folder');
  return conflict === 'replace' && !stands.isDirectory() ? 'replace' : 'conflict';
}

/** A name must be given to a file of this tree; of a selection, the folder that file lies in need not be part. */
function checkTarget(target: RawPath, all: boolean, folders: ReadonlySet<RawPath>): void {
  checkPath(target);
  if (all && !folders.has(parentOf(target))) escapes(target, 'what it lies in is not a folder of the tree');
}

// The folder restored into is the user's own choice: a link to it is followed. Below it none is.
function stepForRoot(root: RawPath): Step {
  const stands = standing(root);
  if (stands === undefined) return 'make';
  if (stands.isDirectory() || standing(`${root}/.`) !== undefined) return 'enter';
  return fail(restoreFailure({ code: 'ENOTDIR' }, root));
}

function standing(place: RawPath): Stats | undefined {
  try {
    using reached = reachPath(bytesOf(place));
    return lstatSync(reached.path);
  } catch (error) {
    return errnoOf(error) === 'ENOENT' ? undefined : fail(restoreFailure(error, place), error);
  }
}

function refuse(folder: string, paths: Paths): never {
  fail({
    code: 'RESTORE_CONFLICT',
    message: `${paths.count} of the paths to restore exist already in ${folder}: ${paths.lines().join(', ')}`,
    origin: 'source',
    permanent: true,
    hint: 'choose another folder, or the conflict mode skip or replace (which never replaces a folder by something else)',
  });
}

class Paths {
  readonly #first: string[] = [];
  count = 0;

  add(path: RawPath): void {
    if (++this.count <= NAMED) this.#first.push(printable(path));
  }

  lines(verb = ''): string[] {
    const more = this.count > NAMED ? [`${this.count - NAMED} more`] : [];
    return [...this.#first, ...more].map((path) => (verb === '' ? path : `${verb} ${path}`));
  }
}
