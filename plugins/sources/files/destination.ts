import {
  accessSync,
  type BigIntStats,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { unfinishedName } from 'holdfast/plugin';
import { type ExtrasAccess, lockInode, unlockInode } from 'holdfast/system';
import { type Given, setFolderAttributes } from './attributes.ts';
import { errnoOf, escapes } from './failure.ts';
import { HeldFolder } from './held-folder.ts';
import type { Lack } from './lacking.ts';
import { removeLeftOver } from './left-over.ts';
import { bytesOf, childOf, nameOf, parentOf, type RawPath, rawPathOf, systemPath } from './raw-path.ts';
import { lookAt } from './standing.ts';
import { checkPath } from './tree-shape.ts';

interface Folder {
  readonly inode: bigint;
  readonly device: bigint;
  /** Made by this restore, so that nothing can have stood in it. */
  readonly made: boolean;
  /** What it is given at the end; absent: it keeps what it has. */
  readonly wanted?: Given;
  /** It has not what is wanted, or something in it was changed, which sets its time. */
  due: boolean;
  /** Its mode, when it is this user's own and says that he may not write in it. */
  readonly lockedMode?: number;
  /** The flags that kept everybody from changing it and were taken off, to be set again at the end. */
  locks?: number;
}

/** A folder that got its attributes, but for `troubles`; or not all of them, by `error`. */
interface FinishedFolder {
  readonly path: RawPath;
  /** Of this, flags are still to be set. */
  readonly given?: Given;
  readonly troubles: readonly Lack[];
  readonly error?: unknown;
}

/** Where something is to be made. Until it is disposed of, its folder stays the one that was entered, whatever others do to the path. */
export interface Place extends Disposable {
  /** For system calls of this process only. */
  readonly path: RawPath;
  /** The folder in `path`, its name for people, and whether this restore made it: then nobody else has written in it yet. */
  readonly folder: { readonly path: RawPath; readonly inode: bigint; readonly name: RawPath; readonly made: boolean };
}

/** A folder that stays the one that was entered until it is disposed of. */
export interface Inside extends Disposable {
  /** For system calls of this process only. */
  readonly path: RawPath;
  readonly inode: bigint;
  readonly device: bigint;
}

/**
 * The folder a restore writes into, and every folder below it that the restore made or found. A place is handed out only when
 * the folder it lies in is still the one that was entered, and held open, so that no link, whoever makes it and when, leads out.
 */
export class Destination {
  readonly root: RawPath;
  readonly #folders = new Map<RawPath, Folder>();
  readonly #held = new Map<RawPath, HeldFolder>();

  private constructor(root: RawPath, fresh: boolean) {
    this.root = root;
    const { ino, dev } = this.lookAtRoot();
    this.#folders.set('', { inode: ino, device: dev, made: fresh, due: false });
  }

  /**
   * Opens the folder, making it and the folders above it when they are missing. A link to it is followed, here only. `removed` is told
   * what of killed restores was removed there.
   */
  static open(folder: RawPath, removed: (names: readonly RawPath[]) => void = () => {}): Destination {
    makeFolders(folder);
    const root = rawPathOf(realpathSync(systemPath(folder), { encoding: 'buffer' }));
    const swept = removeLeftOver(root);
    const destination = new Destination(root, readdirSync(systemPath(root)).length === 0);
    if (swept.length > 0) destination.touch('');
    removed(swept);
    return destination;
  }

  /** The same, to look only: nothing is made. Undefined when there is no folder. */
  static look(folder: RawPath): Destination | undefined {
    if (!existsSync(systemPath(folder))) return undefined;
    const root = rawPathOf(realpathSync(systemPath(folder), { encoding: 'buffer' }));
    if (!lookAt(root)?.isDirectory()) return undefined;
    return new Destination(root, readdirSync(systemPath(root)).length === 0);
  }

  /** How many folders are held open now. */
  get held(): number {
    return this.#held.size;
  }

  /** Whether nothing can stand in it but what this restore made: it made it, or it was empty. */
  isFresh(folder: RawPath): boolean {
    return this.#folders.get(folder)?.made === true;
  }

  /** Whether the folder of the tree was made or found. */
  knows(folder: RawPath): boolean {
    return this.#folders.has(folder);
  }

  deviceOf(folder: RawPath): bigint | undefined {
    return this.#folders.get(folder)?.device;
  }

  lookAtRoot(): BigIntStats {
    return lookAt(this.root) ?? escapes(this.root, 'it is not there any more');
  }

  absolute(path: RawPath): RawPath {
    return path === '' ? this.root : childOf(this.root, path);
  }

  /** The place of `path`. Fails with `RESTORE_ESCAPE`. */
  place(path: RawPath): Place {
    checkPath(path);
    if (path === '') return escapes(path, 'it is the folder itself');
    const parent = parentOf(path);
    const held = this.#hold(parent, path);
    return {
      path: childOf(held.path, nameOf(path)),
      folder: { path: held.path, inode: held.inode, name: this.absolute(parent), made: this.isFresh(parent) },
      [Symbol.dispose]: () => this.#release(parent, held),
    };
  }

  /** The folder at `path`, one of the tree that was made or found. Fails with `RESTORE_ESCAPE`. */
  inside(path: RawPath): Inside {
    const held = this.#hold(path, path);
    return {
      path: held.path,
      inode: held.inode,
      device: held.device,
      [Symbol.dispose]: () => this.#release(path, held),
    };
  }

  #hold(folder: RawPath, path: RawPath): HeldFolder {
    const known = this.#folders.get(folder);
    if (known === undefined) return escapes(path, 'what it lies in is not a folder of the tree');
    const already = this.#held.get(folder);
    if (already !== undefined) return already.take();
    const held = HeldFolder.open(this.absolute(folder));
    if (held === undefined || held.inode !== known.inode || held.device !== known.device) {
      held?.release();
      return escapes(path, 'another folder took the place of the one it lies in');
    }
    this.#held.set(folder, held);
    return held;
  }

  #release(folder: RawPath, held: HeldFolder): void {
    if (held.release()) this.#held.delete(folder);
  }

  /** What stands at `place` already, which `path` was given. */
  standing(path: RawPath, { path: place }: Place): BigIntStats | undefined {
    return this.isFresh(parentOf(path)) ? undefined : lookAt(place, path);
  }

  /** A name beside `place` that nothing has. */
  beside({ folder }: Place): RawPath {
    return childOf(folder.path, unfinishedName(folder.inode));
  }

  /** Says what the folder is given at the end, once more is known of it than that it is there. */
  want(path: RawPath, wanted: Given, due: boolean): void {
    const known = this.#folders.get(path);
    if (known !== undefined) this.#folders.set(path, { ...known, wanted, due: due || known.due });
  }

  /** Takes the folder that stands there for the one of the tree. */
  found(path: RawPath, { ino, dev, mode, uid }: BigIntStats): void {
    const user = process.geteuid?.() ?? 0;
    const locked = user !== 0 && Number(uid) === user && (mode & 0o200n) === 0n;
    const lockedMode = locked ? { lockedMode: Number(mode & 0o7777n) } : {};
    this.#folders.set(path, { inode: ino, device: dev, made: false, due: false, ...lockedMode });
  }

  /**
   * Lets this user write in a folder that is held, of his own or, as root, one that may not be changed: where it is known what mode and
   * flags it is to have at the end. Fails when he may not.
   */
  unlock(folder: RawPath): void {
    const known = this.#folders.get(folder);
    const held = this.#held.get(folder);
    if (known === undefined || held === undefined || known.made) return;
    if (known.wanted?.flags !== undefined && known.locks === undefined) {
      known.locks = unlockInode(bytesOf(`${held.path}/.`));
      if (known.locks > 0) known.due = true;
    }
    if (known.lockedMode === undefined) return;
    const { lockedMode, ...rest } = known;
    chmodSync(systemPath(held.path), lockedMode | 0o700);
    this.#folders.set(folder, { ...rest, wanted: known.wanted ?? { mode: lockedMode }, due: true });
  }

  /** Sets the flags again that were taken off, when there is no end at which all are set. What cannot be set is the next restore's. */
  lockAgain(): void {
    for (const [path, folder] of this.#folders) this.#lockAgain(path, folder);
  }

  #lockAgain(path: RawPath, { inode, device, locks = 0 }: Folder): void {
    if (locks === 0) return;
    const held = HeldFolder.open(this.absolute(path));
    try {
      if (held?.inode === inode && held.device === device) lockInode(bytesOf(`${held.path}/.`), locks);
    } catch {
      // It is shown as a difference.
    } finally {
      held?.release();
    }
  }

  /** Fails with what the system will say when something in the folder, one of the tree that is there, is made or removed. */
  requireWritable(folder: RawPath): void {
    const known = this.#folders.get(folder);
    if (known?.lockedMode !== undefined) return; // it is this user's own, and is unlocked in time
    using held = this.inside(folder);
    try {
      accessSync(systemPath(held.path), constants.W_OK | constants.X_OK);
    } catch (error) {
      if (errnoOf(error) !== 'EPERM') throw error; // a flag, that a restore may take off
    }
  }

  /** Makes the folder, for nobody else to enter until everything is in it. */
  make(path: RawPath, { path: place }: Place, wanted: Given): void {
    this.unlock(parentOf(path));
    mkdirSync(systemPath(place), 0o700);
    const { ino, dev } = lookAt(place, path) ?? escapes(path, 'it went away as soon as it was made');
    this.touch(parentOf(path));
    this.#folders.set(path, { inode: ino, device: dev, made: true, wanted, due: true });
  }

  /** Notes that something in the folder was made, replaced or removed, so that its time is set again at the end. */
  touch(folder: RawPath): void {
    const known = this.#folders.get(folder);
    if (known !== undefined) known.due = true;
  }

  /**
   * Gives the folders their attributes, deepest first, because each change in a folder sets its time and because a
   * folder that may not be written to comes after what is in it. What has what it is to have is not touched.
   */
  async *finish(access: ExtrasAccess): AsyncGenerator<FinishedFolder> {
    for (const [path, folder] of [...this.#folders].reverse()) {
      const { wanted, due } = folder;
      if (wanted === undefined || !due) continue;
      try {
        yield { path, given: wanted, troubles: await setFolderAttributes(this.absolute(path), folder, wanted, access) };
      } catch (error) {
        this.#lockAgain(path, folder);
        yield { path, error, troubles: [] };
      }
    }
  }
}

/** One by one: told to make them all, Node never ends below /proc, and blames the wrong folder where a file system is full. */
function makeFolders(folder: RawPath): void {
  if (existsSync(systemPath(folder))) return;
  if (dirname(folder) !== folder) makeFolders(dirname(folder));
  try {
    mkdirSync(systemPath(folder));
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}
