import { type BigIntStats, promises as fs, rmdirSync } from 'node:fs';
import { type Change, fail, type StoredEntry } from 'holdfast/plugin';
import { lockInode, unlockInode } from 'holdfast/system';
import { type Attributes, setFileAttributes, setLinkAttributes } from './attributes.ts';
import type { Destination, Place } from './destination.ts';
import { attributeDifferences, looksLike, timeSlack } from './difference.ts';
import type { Dressing } from './dressing.ts';
import { changed, conflicts } from './failure.ts';
import { keepsExcluded, patternsStay } from './pattern-file.ts';
import { bytesOf, parentOf, printable, type RawPath, rawPathOf, systemPath } from './raw-path.ts';
import type { Wanted } from './restore-request.ts';
import type { Shown } from './shown.ts';
import { makeSpecialFile } from './special-file.ts';
import { inodeOf, lookAt, stampOf } from './standing.ts';
import type { Surplus, SurplusSearch } from './surplus.ts';

type NoFolder = Exclude<StoredEntry, { kind: 'directory' }>;

const ACTIONS: readonly Change['action'][] = ['content', 'kind', 'links', 'attributes'];

/** What became of an entry: it stands there anew, only its attributes were set, it was right already, or something else stays. */
export type Outcome = 'written' | 'adjusted' | 'unchanged' | 'kept';

/** Makes anything but a folder: new, or in the place of what stands there, as the conflict mode says and as it was shown. */
export class EntryMaker {
  readonly destination: Destination;
  readonly shown: Shown;
  readonly #surplus: SurplusSearch;
  readonly #wanted: Wanted;
  readonly #attributes: Attributes;
  readonly #dressing: Dressing;

  constructor(o: {
    readonly destination: Destination;
    readonly surplus: SurplusSearch;
    readonly shown: Shown;
    readonly wanted: Wanted;
    readonly attributes: Attributes;
    readonly dressing: Dressing;
  }) {
    this.destination = o.destination;
    this.shown = o.shown;
    this.#surplus = o.surplus;
    this.#wanted = o.wanted;
    this.#attributes = o.attributes;
    this.#dressing = o.dressing;
  }

  /** `remove`: removes what is in a folder that makes room, and the folder. Fails when the entry cannot be made. */
  async make(entry: NoFolder, path: RawPath, remove: (surplus: Iterable<Surplus>) => void): Promise<Outcome> {
    using place = this.destination.place(path);
    const stands = this.destination.standing(path, place);
    if (stands === undefined) {
      if (!place.folder.made && keepsExcluded(path, stands, this.#wanted.spared)) throw patternsStay(path);
      return await this.#new(entry, path, place);
    }
    if (this.#wanted.conflict === 'skip') return 'kept';
    if (this.#wanted.conflict === 'error') conflicts(path);
    const action = ACTIONS.find((one) => this.shown.has(path, one, stands));
    if (action !== 'attributes' && keepsExcluded(path, stands, this.#wanted.spared)) {
      if (stands.isDirectory() || !this.#isAsItShouldBe(entry, stands, place)) throw patternsStay(path);
    }
    if (action === undefined && stands.isDirectory()) conflicts(path, 'what is in it stays: move it away first');
    if (action === undefined) {
      if (!this.#isAsItShouldBe(entry, stands, place)) changed(path);
      if (entry.kind !== 'hardlink') this.#dressing.loses(path, entry.meta, stands);
      return 'unchanged';
    }
    if (action === 'attributes') return await this.#set(entry, path, stands, place);
    if (!stands.isDirectory()) return await this.#replace(entry, path, stands, place);
    return await this.#inPlaceOfFolder(entry, path, place, () => remove(this.#surplus.below(path, place.path, stands)));
  }

  /** Fails when nothing can be made in the folder: in the words that a dry run has for that. */
  #prepare(folder: RawPath): void {
    this.destination.unlock(folder);
    if (folder === '' || !this.destination.isFresh(folder)) this.destination.requireWritable(folder);
  }

  /** Beside it first: nothing in the folder is removed for something that then cannot be restored. */
  async #inPlaceOfFolder(entry: NoFolder, path: RawPath, place: Place, remove: () => void): Promise<Outcome> {
    this.#prepare(parentOf(path));
    const beside = { ...place, path: this.destination.beside(place) };
    try {
      await this.#write(entry, path, beside);
      remove();
      if (lookAt(place.path, path) !== undefined) removeEmpty(place.path, path);
      await fs.rename(systemPath(beside.path), systemPath(place.path));
    } finally {
      await fs.rm(systemPath(beside.path), { force: true });
      this.destination.touch(parentOf(path));
    }
    this.#written(entry, path);
    return 'written';
  }

  #isAsItShouldBe(entry: NoFolder, stands: BigIntStats, place: Place): boolean {
    if (entry.kind !== 'hardlink') {
      const differs = attributeDifferences(
        stands,
        this.#attributes.onto(entry.meta, stands),
        timeSlack(this.#dressing.access),
      );
      return looksLike(entry, stands, place.path, differs);
    }
    using target = this.destination.place(rawPathOf(entry.target));
    const first = lookAt(target.path);
    return first !== undefined && inodeOf(first) === inodeOf(stands);
  }

  async #set(entry: NoFolder, path: RawPath, stands: BigIntStats, place: Place): Promise<Outcome> {
    const given = this.#attributes.onto(entry.meta, stands);
    const { access } = this.#dressing;
    if (stands.isFile()) {
      const identity = { inode: stands.ino, device: stands.dev };
      this.#dressing.lacks(path, await setFileAttributes(place.path, identity, given, access));
      this.#dressing.flag(path, given, true);
    } else this.#dressing.lacks(path, await setLinkAttributes(place.path, given, access));
    this.#dressing.loses(path, entry.meta, stands);
    return 'adjusted';
  }

  async #new(entry: NoFolder, path: RawPath, place: Place): Promise<Outcome> {
    this.#prepare(parentOf(path));
    await this.#write(entry, path, place);
    this.destination.touch(parentOf(path));
    this.#written(entry, path);
    return 'written';
  }

  #written({ kind, meta }: NoFolder, path: RawPath): void {
    if (kind !== 'hardlink') this.#dressing.loses(path, meta); // another name lacks what its file does
    if (kind === 'file') this.#dressing.flag(path, this.#attributes.of(meta), false);
  }

  /** Beside it, and then over it in one step; the old one stays until then, and for good when it is not what it was any more. */
  async #replace(entry: NoFolder, path: RawPath, stands: BigIntStats, place: Place): Promise<Outcome> {
    this.#prepare(parentOf(path));
    const beside = { ...place, path: this.destination.beside(place) };
    try {
      await this.#write(entry, path, beside, stands.isFile() ? place.path : undefined);
      const now = lookAt(place.path, path);
      if (now === undefined || stampOf(now) !== stampOf(stands)) changed(path);
      await this.#exchange(entry, beside.path, place.path, stands);
    } finally {
      await fs.rm(systemPath(beside.path), { force: true }); // also: rename leaves both names of one file as they are
      this.destination.touch(parentOf(path));
    }
    this.#written(entry, path);
    return 'written';
  }

  /** What may not be changed is not replaced either: as root, the flags are taken off first, where it is known what the new one is to have. */
  async #exchange(entry: NoFolder, beside: RawPath, place: RawPath, stands: BigIntStats): Promise<void> {
    const locks = this.#unlock(entry, place, stands);
    try {
      await fs.rename(systemPath(beside), systemPath(place));
    } catch (error) {
      if (locks > 0) lockInode(bytesOf(place), locks);
      throw error;
    }
  }

  #unlock(entry: NoFolder, place: RawPath, stands: BigIntStats): number {
    const isKnown = this.#attributes.onto(entry.meta, stands).flags !== undefined;
    return isKnown && stands.isFile() ? unlockInode(bytesOf(place)) : 0;
  }

  async #write(entry: NoFolder, path: RawPath, { path: place, folder }: Place, like?: RawPath): Promise<void> {
    const given = this.#attributes.of(entry.meta);
    if (entry.kind === 'file') {
      const options = like === undefined ? {} : { like: bytesOf(like) };
      const attributes = this.#dressing.fileAttributes(path, given);
      const failure = await entry.content.writeTo(bytesOf(place), attributes, options);
      if (failure !== undefined)
        fail({ ...failure, message: failure.message.replaceAll(folder.path, printable(folder.name)) });
    } else if (entry.kind === 'hardlink') {
      await this.#link(entry, place);
    } else {
      if (entry.kind === 'symlink') await fs.symlink(Buffer.from(entry.target), systemPath(place));
      else await makeSpecialFile(entry, given.mode, place, folder);
      this.#dressing.lacks(path, await setLinkAttributes(place, given, this.#dressing.access));
    }
  }

  /** A file that may not be changed gets no more names either. */
  async #link(entry: Extract<NoFolder, { kind: 'hardlink' }>, place: RawPath): Promise<void> {
    const path = rawPathOf(entry.target);
    using target = this.destination.place(path);
    const stands = this.destination.standing(path, target);
    if (stands !== undefined && this.#unlock(entry, target.path, stands) > 0)
      this.#dressing.flag(path, this.#attributes.onto(entry.meta, stands), true);
    await fs.link(systemPath(target.path), systemPath(place));
  }
}

function removeEmpty(place: RawPath, path: RawPath): void {
  try {
    rmdirSync(systemPath(place));
  } catch {
    changed(path); // there is something in it, or it is no folder any more
  }
}
