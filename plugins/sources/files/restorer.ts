import { rmdirSync, unlinkSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import {
  type Failure,
  fail,
  type Host,
  type MetaPart,
  type Plan,
  type Reader,
  type Restored,
  type StoredEntry,
} from 'holdfast/plugin';
import { Attributes } from './attributes.ts';
import { descriptorLimit } from './descriptor-limit.ts';
import { Destination } from './destination.ts';
import { attributeDifferences, timeSlack } from './difference.ts';
import { Dressing } from './dressing.ts';
import { EntryMaker } from './entry-maker.ts';
import { changed, conflicts, errnoOf, escapes, NOTHING_IN_FOLDER, notRemoved, restoreFailure } from './failure.ts';
import { InFlight } from './in-flight.ts';
import { type Lack, Lacking } from './lacking.ts';
import { removeLeftOver } from './left-over.ts';
import { lockFailure } from './lock.ts';
import { keepsExcluded, PATTERNS_STAY, patternsStay } from './pattern-file.ts';
import { bytesOf, childOf, parentOf, printable, type RawPath, rawPathOf, systemPath, textOf } from './raw-path.ts';
import { surveyed } from './restore-plan.ts';
import type { Wanted } from './restore-request.ts';
import { Shown } from './shown.ts';
import { Skips } from './skips.ts';
import { type Surplus, SurplusSearch } from './surplus.ts';

// Files handed over to be written. The agent gathers them by the frames they lie in, and a frame holds hundreds of small
// files: with few in flight it would open the same frame again and again. One that waits holds its entry and nothing more.
const FILES_IN_FLIGHT = 4096;
// Of the descriptors that this process may have, so that others are left: the folder of each file in flight is one.
const FOLDERS_SHARE = 0.5;

type Entry<K extends StoredEntry['kind']> = Extract<StoredEntry, { kind: K }>;
type NoFolder = Exclude<StoredEntry, { kind: 'directory' }>;

export interface RestoreOptions {
  readonly wanted: Wanted;
  readonly from: Reader;
  readonly artifact: string;
  readonly host: Host;
}

/**
 * Restores a tree into a folder: folders as they come, each with what is in it; files through their content, many at once;
 * then, when nothing is written through a path any more, symbolic links, special files and hard links; and the
 * attributes of folders last. What stands there is changed only as it was shown. One path that cannot be restored does not
 * stop the others.
 */
export class Restorer {
  readonly #o: RestoreOptions;
  readonly #attributes: Attributes;
  readonly #dressing: Dressing;
  readonly #inFlight = new InFlight(FILES_IN_FLIGHT);
  readonly #foldersHeld = Math.min(FILES_IN_FLIGHT, FOLDERS_SHARE * descriptorLimit());
  readonly #skips = new Skips();
  readonly #lacking = new Lacking(this.#skips);
  readonly #counts = {
    files: 0,
    bytes: 0,
    folders: 0,
    symlinks: 0,
    hardlinks: 0,
    specials: 0,
    sockets: 0,
    unchanged: 0,
    adjusted: 0,
    removed: 0,
    kept: 0,
  };
  readonly #later: (Entry<'symlink'> | Entry<'special'>)[] = [];
  readonly #hardlinks: Entry<'hardlink'>[] = [];
  // What a hard link may be made to. All of a whole tree, but for what was not written.
  readonly #written = new Set<RawPath>();
  readonly #unwritten = new Set<RawPath>();
  // Folders that were there, and have what the snapshot has not.
  readonly #entered = new Set<RawPath>();
  // How much of the tree could not be restored, and how much was therefore not removed.
  #failed = 0;
  #left = 0;
  // Where something stands in the place of a folder: what would be in it is left out with it.
  #without: RawPath | undefined;

  constructor(options: RestoreOptions) {
    this.#o = options;
    this.#attributes = new Attributes(options.wanted);
    this.#dressing = new Dressing(this.#attributes, this.#lacking);
  }

  async run(plan: Plan): Promise<Restored> {
    const { wanted } = this.#o;
    const shown = wanted.conflict === 'replace' ? (Shown.from(plan.state) ?? (await this.#survey())) : new Shown();
    const destination = openDestination(wanted.folder, (names) => this.#tellSwept('', names));
    const surplus = new SurplusSearch(destination, wanted.spared);
    const [attributes, dressing] = [this.#attributes, this.#dressing];
    const maker = new EntryMaker({ destination, surplus, shown, wanted, attributes, dressing });
    try {
      await this.#restore(maker, surplus);
    } catch (error) {
      // What was taken off so that something could be changed is not left off.
      destination.lockAgain();
      for await (const outcome of dressing.setFlags(destination)) this.#told(outcome);
      throw error;
    }
    return {
      facts: { ...this.#counts, owners: this.#lacking.countOf('owner') === 0 ? 'set' : 'not set' },
      notSet: this.#notSet(),
      unset: this.#lacking.unset,
      skipped: this.#skips.all,
    };
  }

  /** Nothing is removed without a word. */
  #tellSwept(folder: RawPath, names: readonly RawPath[]): void {
    for (const name of names)
      this.#o.host.log.warn(
        `removed ${printable(childOf(folder, name))}: a restore that was killed had not finished it`,
      );
    this.#counts.removed += names.length;
  }

  #notSet(): MetaPart[] {
    const { xattrs, flags } = this.#o.wanted.extras;
    return [
      ...(this.#attributes.setsOwners ? [] : (['owner'] as const)),
      ...(xattrs ? [] : (['xattrs'] as const)),
      ...(flags ? [] : (['flags'] as const)),
    ];
  }

  async #restore(maker: EntryMaker, surplus: SurplusSearch): Promise<void> {
    const { wanted, from, artifact, host } = this.#o;
    const { destination, shown } = maker;
    try {
      for await (const entry of from.tree(artifact, wanted.patterns)) {
        host.signal.throwIfAborted();
        surplus.pass(rawPathOf(entry.path));
        await this.#take(entry, destination, surplus, shown, maker);
      }
    } finally {
      await this.#inFlight.ended();
    }
    for (const entry of this.#later) await this.#attempt(entry, () => this.#make(entry, maker));
    await this.#linkAll(maker);
    await this.#sweep(maker);
    await this.#finish(destination);
  }

  /** Removes what the snapshot does not have: when all that it has is there, and only then. */
  async #sweep({ destination, shown }: EntryMaker): Promise<void> {
    const { wanted, from, artifact, host } = this.#o;
    if (wanted.spared === undefined) return;
    const surplus = new SurplusSearch(destination, wanted.spared);
    const act = this.#failed === 0 ? this.#removeAll.bind(this) : this.#leaveAll.bind(this);
    for await (const entry of from.tree(artifact, wanted.patterns)) {
      host.signal.throwIfAborted();
      const path = rawPathOf(entry.path);
      act(surplus.past(path), destination, shown);
      if (entry.kind === 'directory' && this.#entered.has(path)) surplus.enter(path);
    }
    act(surplus.rest(), destination, shown);
    if (this.#left > 0) this.#skips.add('', notRemoved(this.#left, this.#failed));
  }

  #leaveAll(surplus: Iterable<Surplus>): void {
    for (const found of surplus) {
      if ('error' in found) this.#skip(found.path, found.error);
      else this.#left++;
    }
  }

  /** What there is to change, when nobody was shown it. */
  async #survey(): Promise<Shown> {
    return (await surveyed(this.#o)).shown;
  }

  async #take(
    entry: StoredEntry,
    destination: Destination,
    surplus: SurplusSearch,
    shown: Shown,
    maker: EntryMaker,
  ): Promise<void> {
    const path = rawPathOf(entry.path);
    if (this.#without !== undefined && path.startsWith(`${this.#without}/`)) return;
    if (entry.kind === 'directory')
      await this.#attempt(entry, async () => this.#enter(entry, destination, surplus, shown));
    else if (entry.kind === 'hardlink') this.#hardlinks.push(entry);
    else if (entry.kind === 'file')
      await this.#inFlight.start(
        () => this.#attempt(entry, () => this.#make(entry, maker)),
        () => destination.held < this.#foldersHeld,
      );
    else this.#later.push(entry);
  }

  #enter(entry: Entry<'directory'>, destination: Destination, surplus: SurplusSearch, shown: Shown): void {
    const { wanted } = this.#o;
    const path = rawPathOf(entry.path);
    const replaces = wanted.conflict === 'replace' && wanted.within(path);
    if (path === '') {
      this.#enterFound(path, surplus);
      const fresh = destination.isFresh('');
      const root = destination.lookAtRoot();
      const due = fresh || (replaces && shown.has(path, 'attributes', root));
      const given = fresh ? this.#attributes.of(entry.meta) : this.#attributes.onto(entry.meta, root);
      if (fresh || replaces) destination.want(path, given, due);
      if (fresh || replaces) this.#dressing.loses(path, entry.meta, fresh ? undefined : root);
      if (due && !fresh) this.#counts.adjusted++;
      return;
    }
    this.#without = path;
    using place = destination.place(path);
    const stands = destination.standing(path, place);
    if (stands !== undefined && !stands.isDirectory()) {
      if (wanted.conflict === 'skip') {
        this.#counts.kept++;
        return;
      }
      if (wanted.conflict === 'error' && stands.isSymbolicLink())
        escapes(path, 'a symbolic link stands in the place of this folder');
      if (wanted.conflict === 'error') conflicts(path);
      if (keepsExcluded(path, stands, wanted.spared)) throw patternsStay(path);
      if (!shown.has(path, 'kind', stands)) changed(path);
      destination.unlock(parentOf(path));
      unlinkSync(systemPath(place.path));
    }
    if (!stands?.isDirectory()) {
      destination.make(path, place, this.#attributes.of(entry.meta));
      this.#dressing.loses(path, entry.meta);
      this.#counts.folders++;
      this.#without = undefined;
      return;
    }
    destination.found(path, stands);
    if (wanted.isLeft(stands)) {
      this.#counts.kept++;
      return;
    }
    this.#without = undefined;
    const swept = removeLeftOver(place.path);
    if (swept.length > 0) destination.touch(path);
    this.#tellSwept(path, swept);
    this.#enterFound(path, surplus);
    if (!replaces) return;
    const due = shown.has(path, 'attributes', stands);
    const attributes = this.#attributes.onto(entry.meta, stands);
    this.#dressing.loses(path, entry.meta, stands);
    destination.want(path, attributes, due);
    if (due) this.#counts.adjusted++;
    else if (attributeDifferences(stands, attributes, timeSlack(this.#dressing.access)).length === 0)
      this.#counts.unchanged++;
    else this.#attemptSync(path, () => changed(path));
  }

  #enterFound(path: RawPath, surplus: SurplusSearch): void {
    surplus.enter(path);
    if (this.#o.wanted.spared !== undefined) this.#entered.add(path);
  }

  async #make(entry: NoFolder, maker: EntryMaker): Promise<void> {
    const path = rawPathOf(entry.path);
    this.#o.host.signal.throwIfAborted();
    if (entry.kind === 'special' && entry.type === 'socket') {
      // Only the program that listens on it can make it, and does so when it starts.
      this.#counts.sockets++;
      this.#unwritten.add(path);
      return;
    }
    const outcome = await maker.make(entry, path, (surplus) => this.#removeBelow(surplus, path, maker));
    if (outcome === 'written') this.#count(entry);
    else this.#counts[outcome]++;
    if (outcome === 'kept') this.#unwritten.add(path);
    else if (this.#o.wanted.patterns !== undefined) this.#written.add(path);
  }

  /** What is in a folder that makes room for something else, up to what cannot be removed: then there is no room, and the rest stays. */
  #removeBelow(surplus: Iterable<Surplus>, room: RawPath, { destination, shown }: EntryMaker): void {
    for (const found of surplus) {
      if (!this.#attemptSync(found.path, () => this.#remove(found, destination, shown, room))) return;
    }
  }

  /** Removes what was shown to be removed. */
  #removeAll(surplus: Iterable<Surplus>, destination: Destination, shown: Shown): void {
    for (const found of surplus) this.#attemptSync(found.path, () => this.#remove(found, destination, shown));
  }

  /** `room`: the folder that makes room for something else, of which that was shown. */
  #remove(found: Surplus, destination: Destination, shown: Shown, room?: RawPath): void {
    const { path } = found;
    if ('error' in found) throw found.error;
    if (!shown.has(path, path === room ? 'kind' : 'remove', found.stands)) changed(path);
    const place = systemPath(found.place);
    destination.unlock(parentOf(path));
    try {
      if (found.stands.isDirectory()) rmdirSync(place);
      else unlinkSync(place);
    } catch (error) {
      if (errnoOf(error) === 'ENOTEMPTY') changed(path);
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
    destination.touch(parentOf(path));
    if (path !== room) this.#counts.removed++;
  }

  async #linkAll(maker: EntryMaker): Promise<void> {
    const moved = new Map<RawPath, RawPath>();
    for (const entry of this.#hardlinks) {
      const path = rawPathOf(entry.path);
      const first = rawPathOf(entry.target);
      const target = moved.get(first) ?? first;
      await this.#attempt(entry, async () => {
        if (this.#holdsContent(target)) return this.#make({ ...entry, target: bytesOf(target) }, maker);
        // The name that carries the content was not selected or is kept: this one gets the content, later ones link to it.
        await this.#make({ ...(await this.#stored(first)), path: entry.path }, maker);
        if (this.#holdsContent(path)) moved.set(first, path);
      });
    }
  }

  #holdsContent(path: RawPath): boolean {
    if (this.#unwritten.has(path)) return false;
    return this.#o.wanted.patterns === undefined || this.#written.has(path);
  }

  async #stored(path: RawPath): Promise<Exclude<NoFolder, { kind: 'hardlink' }>> {
    const pattern = `/${textOf(path).replace(/[\\*?[\]!# ]/g, '\\$&')}`;
    for await (const entry of this.#o.from.tree(this.#o.artifact, [pattern])) {
      if (rawPathOf(entry.path) === path && entry.kind !== 'directory' && entry.kind !== 'hardlink') return entry;
    }
    return fail(restoreFailure(new Error('the name that carries its content is not in the tree'), path));
  }

  async #finish(destination: Destination): Promise<void> {
    const written = (path: RawPath) => !this.#unwritten.has(path);
    for await (const outcome of this.#dressing.dress(written, destination)) this.#told(outcome);
    let done = 0;
    for await (const outcome of destination.finish(this.#dressing.access)) {
      if (outcome.given !== undefined) this.#dressing.flag(outcome.path, outcome.given, true);
      this.#told(outcome);
      if (++done % 256 === 0) await setImmediate(); // these calls are synchronous; let others have a turn
    }
    for await (const outcome of this.#dressing.setFlags(destination)) this.#told(outcome);
  }

  #told({ path, troubles, error }: { path: RawPath; troubles: readonly Lack[]; error?: unknown }): void {
    this.#dressing.lacks(path, troubles);
    if (error !== undefined) this.#skip(path, error);
  }

  async #attempt(entry: StoredEntry, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#o.host.signal.throwIfAborted();
      const path = rawPathOf(entry.path);
      this.#unwritten.add(path);
      this.#skip(path, error, entry.kind === 'directory' ? NOTHING_IN_FOLDER : {});
    }
  }

  /** Returns whether it was done. */
  #attemptSync(path: RawPath, action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      this.#skip(path, error);
      return false;
    }
  }

  #skip(path: RawPath, error: unknown, more: Pick<Failure, 'hint'> = {}): void {
    const failure = lockFailure(error, path, this.#o.wanted.folder) ?? { ...restoreFailure(error, path), ...more };
    // A file of patterns is left so that no more is removed than now: the rest may be.
    if (failure.code !== PATTERNS_STAY) this.#failed++;
    this.#skips.add(path, failure);
  }

  #count(entry: NoFolder): void {
    if (entry.kind === 'file') {
      this.#counts.files++;
      this.#counts.bytes += entry.size;
    } else if (entry.kind === 'symlink') this.#counts.symlinks++;
    else if (entry.kind === 'hardlink') this.#counts.hardlinks++;
    else this.#counts.specials++;
  }
}

function openDestination(folder: RawPath, removed: (names: readonly RawPath[]) => void): Destination {
  try {
    return Destination.open(folder, removed);
  } catch (error) {
    return fail(restoreFailure(error, folder), error);
  }
}
