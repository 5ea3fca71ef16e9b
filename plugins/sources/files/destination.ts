import { existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, type Stats, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Meta, type RestoreRequest, unfinishedName } from 'holdfast/plugin';
import type { ExtrasAccess, Trouble } from 'holdfast/system';
import { type Attributes, setFolderAttributes } from './attributes.ts';
import { conflicts, errnoOf, escapes } from './failure.ts';
import { HeldFolder } from './held-folder.ts';
import { removeLeftOver } from './left-over.ts';
import { childOf, nameOf, parentOf, type RawPath, rawPathOf, systemPath } from './raw-path.ts';
import { checkPath } from './tree-shape.ts';

interface Folder {
  readonly inode: bigint;
  readonly device: bigint;
  /** Made by this restore, so that nothing can have stood in it. */
  readonly made: boolean;
  meta?: Meta;
}

/** A folder that got its attributes, but for `troubles`; or none of them, by `error`. */
interface FinishedFolder {
  readonly path: RawPath;
  readonly troubles: readonly Trouble[];
  readonly error?: unknown;
}

/** Where something is to be made. Until it is disposed of, its folder stays the one that was entered, whatever others do to the path. */
export interface Place extends Disposable {
  /** For system calls of this process only. */
  readonly path: RawPath;
  /** The folder in `path`, its name for people, and whether this restore made it: then nobody else has written in it yet. */
  readonly folder: { readonly path: RawPath; readonly name: RawPath; readonly made: boolean };
}

/**
 * The folder a restore writes into, and every folder below it that the restore made or found. A place is handed out only when
 * the folder it lies in is still the one that was entered, and held open, so that no link, whoever makes it and when, leads out.
 */
export class Destination {
  readonly root: RawPath;
  readonly #conflict: RestoreRequest['conflict'];
  readonly #folders = new Map<RawPath, Folder>();
  readonly #held = new Map<RawPath, HeldFolder>();

  private constructor(root: RawPath, conflict: RestoreRequest['conflict'], fresh: boolean) {
    this.root = root;
    this.#conflict = conflict;
    this.#folders.set('', { ...inodeOf(root), made: fresh });
  }

  /** Opens the folder, making it and the folders above it when they are missing. A link to it is followed, here only. */
  static open(folder: string, conflict: RestoreRequest['conflict']): Destination {
    makeFolders(folder);
    const root = rawPathOf(realpathSync(folder, { encoding: 'buffer' }));
    removeLeftOver(root);
    const fresh = readdirSync(systemPath(root)).length === 0;
    return new Destination(root, conflict, fresh);
  }

  /** How many folders are held open now. */
  get held(): number {
    return this.#held.size;
  }

  /** The place of `path`. Fails with `RESTORE_ESCAPE`. */
  place(path: RawPath): Place {
    checkPath(path);
    const parent = parentOf(path);
    const folder = this.#folders.get(parent);
    if (folder === undefined || path === '') return escapes(path, 'what it lies in is not a folder of the tree');
    const held = this.#hold(parent, folder, path);
    return {
      path: childOf(held.path, nameOf(path)),
      folder: { path: held.path, name: this.#absolute(parent), made: folder.made },
      [Symbol.dispose]: () => {
        if (held.release()) this.#held.delete(parent);
      },
    };
  }

  #hold(parent: RawPath, folder: Folder, path: RawPath): HeldFolder {
    const already = this.#held.get(parent);
    if (already !== undefined) return already.take();
    const held = HeldFolder.open(this.#absolute(parent));
    if (held === undefined || held.inode !== folder.inode || held.device !== folder.device) {
      held?.release();
      return escapes(path, 'another folder took the place of the one it lies in');
    }
    this.#held.set(parent, held);
    return held;
  }

  /** What stands at `place` already, which `path` was given. */
  standing(path: RawPath, { path: place }: Place): Stats | undefined {
    if (this.#folders.get(parentOf(path))?.made) return undefined;
    return lstatSync(systemPath(place), { throwIfNoEntry: false });
  }

  /** A name beside `place` that nothing has. */
  beside(place: RawPath): RawPath {
    return childOf(parentOf(place), unfinishedName());
  }

  /** Makes or finds the folder; `kept` when something else stands there and is to stay. */
  enter(path: RawPath, meta: Meta): 'made' | 'found' | 'kept' {
    if (path === '') {
      const root = this.#folders.get('');
      if (root !== undefined) root.meta = meta;
      return 'found';
    }
    using place = this.place(path);
    const stands = this.standing(path, place);
    if (stands?.isDirectory()) {
      removeLeftOver(place.path);
      this.#folders.set(path, { ...inodeOf(place.path), made: false, meta });
      return 'found';
    }
    if (stands !== undefined) {
      if (this.#conflict === 'skip') return 'kept';
      if (stands.isSymbolicLink()) escapes(path, 'a symbolic link stands in the place of this folder');
      if (this.#conflict === 'error') conflicts(path);
      unlinkSync(systemPath(place.path));
    }
    mkdirSync(systemPath(place.path), 0o700); // others enter only when everything is in it
    this.#folders.set(path, { ...inodeOf(place.path), made: true, meta });
    return 'made';
  }

  /**
   * Gives the folders their attributes, deepest first, because each change in a folder sets its time and because a
   * folder that may not be written to comes after what is in it. Folders that were there before get them only in the
   * mode `replace`.
   */
  async *finish(attributes: Attributes, access: ExtrasAccess): AsyncGenerator<FinishedFolder> {
    for (const [path, { inode, device, made, meta }] of [...this.#folders].reverse()) {
      if (meta === undefined || !(made || this.#conflict === 'replace')) continue;
      try {
        const given = attributes.of(meta);
        yield { path, troubles: await setFolderAttributes(this.#absolute(path), { inode, device }, given, access) };
      } catch (error) {
        yield { path, error, troubles: [] };
      }
    }
  }

  #absolute(path: RawPath): RawPath {
    return path === '' ? this.root : childOf(this.root, path);
  }
}

/** One by one: told to make them all, Node never ends below /proc, and blames the wrong folder where a file system is full. */
function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) makeFolders(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

function inodeOf(place: RawPath): { inode: bigint; device: bigint } {
  const { ino, dev } = lstatSync(systemPath(place), { bigint: true });
  return { inode: ino, device: dev };
}
