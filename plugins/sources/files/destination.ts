import { randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, realpathSync, type Stats, unlinkSync } from 'node:fs';
import type { Meta, RestoreRequest } from 'holdfast/plugin';
import { type Attributes, setFolderAttributes } from './attributes.ts';
import { conflicts, escapes } from './failure.ts';
import { childOf, parentOf, type RawPath, rawPathOf, systemPath } from './raw-path.ts';
import { checkPath } from './tree-shape.ts';

interface Folder {
  readonly inode: bigint;
  readonly device: bigint;
  /** Made by this restore, so that nothing can have stood in it. */
  readonly made: boolean;
  meta?: Meta;
}

/**
 * The folder a restore writes into, and every folder below it that the restore made or found. A path is handed out only when
 * the folder it lies in is still the one that was entered, so that no link, whoever made it, leads out.
 */
export class Destination {
  readonly root: RawPath;
  readonly #conflict: RestoreRequest['conflict'];
  readonly #folders = new Map<RawPath, Folder>();

  private constructor(root: RawPath, conflict: RestoreRequest['conflict'], fresh: boolean) {
    this.root = root;
    this.#conflict = conflict;
    this.#folders.set('', { ...inodeOf(root), made: fresh });
  }

  /** Opens the folder, making it and the folders above it when they are missing. A link to it is followed, here only. */
  static open(folder: string, conflict: RestoreRequest['conflict']): Destination {
    mkdirSync(folder, { recursive: true });
    const root = rawPathOf(realpathSync(folder, { encoding: 'buffer' }));
    const fresh = readdirSync(systemPath(root)).length === 0;
    return new Destination(root, conflict, fresh);
  }

  /** The absolute place of `path`. Fails with `RESTORE_ESCAPE`. */
  place(path: RawPath): RawPath {
    checkPath(path);
    const parent = parentOf(path);
    const folder = this.#folders.get(parent);
    if (folder === undefined || path === '') escapes(path, 'what it lies in is not a folder of the tree');
    const { inode, device } = inodeOf(this.#absolute(parent));
    if (inode !== folder.inode || device !== folder.device)
      escapes(path, 'another folder took the place of the one it lies in');
    return this.#absolute(path);
  }

  /** What stands at `place` already, which `path` was given. */
  standing(path: RawPath, place: RawPath): Stats | undefined {
    if (this.#folders.get(parentOf(path))?.made) return undefined;
    return lstatSync(systemPath(place), { throwIfNoEntry: false });
  }

  /** A name beside `place` that nothing has. */
  beside(place: RawPath): RawPath {
    return childOf(parentOf(place), `.holdfast-${randomBytes(8).toString('hex')}`);
  }

  /** Makes or finds the folder; `kept` when something else stands there and is to stay. */
  enter(path: RawPath, meta: Meta): 'made' | 'found' | 'kept' {
    if (path === '') {
      const root = this.#folders.get('');
      if (root !== undefined) root.meta = meta;
      return 'found';
    }
    const place = this.place(path);
    const stands = this.standing(path, place);
    if (stands?.isDirectory()) {
      this.#folders.set(path, { ...inodeOf(place), made: false, meta });
      return 'found';
    }
    if (stands !== undefined) {
      if (this.#conflict === 'skip') return 'kept';
      if (stands.isSymbolicLink()) escapes(path, 'a symbolic link stands in the place of this folder');
      if (this.#conflict === 'error') conflicts(path);
      unlinkSync(systemPath(place));
    }
    mkdirSync(systemPath(place), 0o700); // others enter only when everything is in it
    this.#folders.set(path, { ...inodeOf(place), made: true, meta });
    return 'made';
  }

  /**
   * Gives the folders their attributes, deepest first, because each change in a folder sets its time and because a
   * folder that may not be written to comes after what is in it. Folders that were there before get them only in the
   * mode `replace`.
   */
  *finish(attributes: Attributes): Generator<{ readonly path: RawPath; readonly error: unknown } | undefined> {
    for (const [path, { inode, made, meta }] of [...this.#folders].reverse()) {
      if (meta === undefined || !(made || this.#conflict === 'replace')) continue;
      try {
        setFolderAttributes(this.#absolute(path), inode, attributes.of(meta));
        yield undefined;
      } catch (error) {
        yield { path, error };
      }
    }
  }

  #absolute(path: RawPath): RawPath {
    return path === '' ? this.root : childOf(this.root, path);
  }
}

function inodeOf(place: RawPath): { inode: bigint; device: bigint } {
  const { ino, dev } = lstatSync(systemPath(place), { bigint: true });
  return { inode: ino, device: dev };
}
