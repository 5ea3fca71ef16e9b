import { type BigIntStats, readdirSync } from 'node:fs';
import type { Aspect, Change, Reader, StoredEntry } from 'holdfast/plugin';
import type { Attributes, Given } from './attributes.ts';
import type { Destination, Place } from './destination.ts';
import { attributeDifferences, type Difference, differenceFrom } from './difference.ts';
import { escapes } from './failure.ts';
import type { Lack } from './lacking.ts';
import { leftOver } from './left-over.ts';
import { keepsExcluded, patternsStay } from './pattern-file.ts';
import { bytesOf, childOf, parentOf, type RawPath, rawPathOf, systemPath } from './raw-path.ts';
import type { Wanted } from './restore-request.ts';
import { inodeOf, kindOf, lookAt } from './standing.ts';
import type { StandingExtras } from './standing-extras.ts';
import type { Surplus, SurplusSearch } from './surplus.ts';
import { checkPath, OpenFolders } from './tree-shape.ts';

/** What a survey tells, in the order of the tree but for hard links, which come last. */
export interface Surveyor {
  /** Something that would be done; `stands`: to what. */
  change(path: RawPath, change: Change, stands: BigIntStats | undefined): void;
  /** Something is there already and may not be touched. */
  conflict(path: RawPath, there: BigIntStats): void;
  /** Something is there already and is to stay. */
  keep(path: RawPath): void;
  /** It is as it should be. */
  same(path: RawPath): void;
  /** What of it cannot be set, by whoever restores. */
  lacks(path: RawPath, all: readonly Lack[]): void;
  /** It could not be done, for the reason that is given. */
  refused(path: RawPath, error: unknown): void;
  /** Something of it could not be read (by the name of the errno), so that it is not compared. */
  unread(path: RawPath, what: string, code: string): void;
  /** It could not be looked into, or stays as it is for the reason that is given. */
  fail(path: RawPath, error: unknown, kind?: StoredEntry['kind']): void;
}

export interface SurveyOptions extends Surveyor {
  readonly wanted: Wanted;
  readonly from: Reader;
  readonly artifact: string;
  readonly signal: AbortSignal;
  readonly attributes: Attributes;
  readonly extras: StandingExtras;
  /** By how much a time that was set here may be off. */
  readonly slackNs: bigint;
  /** Absent: there is no such folder yet. */
  readonly destination: Destination | undefined;
  readonly surplus: SurplusSearch | undefined;
}

/** A folder of the tree: it would be made, it is there, or something is there that keeps it and all in it away. */
type Folder = 'make' | 'found' | 'without';
type Entry<K extends StoredEntry['kind']> = Extract<StoredEntry, { kind: K }>;

/** Something that is there under several names: what becomes of it is known when all names of the tree are. */
interface Shared {
  readonly entry: Exclude<StoredEntry, { kind: 'hardlink' | 'directory' }>;
  readonly stands: BigIntStats;
  readonly difference: Difference;
}

// Files that are compared at a time. Each holds its folder open.
const AHEAD = 256;

/** Compares a tree with the folder it would be restored into, and tells everything that would have to be done. Touches nothing. */
export async function survey(options: SurveyOptions): Promise<void> {
  const { from, artifact, wanted, signal } = options;
  const run = new Survey(options);
  for await (const entry of from.tree(artifact, wanted.patterns)) {
    signal.throwIfAborted();
    await run.take(entry);
  }
  await run.end();
}

class Survey {
  readonly #o: SurveyOptions;
  readonly #folders: OpenFolders<Folder>;
  readonly #allFolders = new Set<RawPath>(['']);
  /** What is still being compared, and what must be told after it. */
  readonly #queue: (Promise<() => void> | (() => void))[] = [];
  readonly #shared: Shared[] = [];
  readonly #hardlinks: Entry<'hardlink'>[] = [];
  /** How many names of the tree each file has that is there under several. */
  readonly #names = new Map<string, bigint>();
  /** Which of those files stay, and are given attributes at most: for the file of the tree that has this first name. */
  readonly #staying = new Map<string, RawPath>();

  constructor(options: SurveyOptions) {
    this.#o = options;
    this.#folders = new OpenFolders<Folder>(options.destination === undefined ? 'make' : 'found');
  }

  async take(entry: StoredEntry): Promise<void> {
    const path = rawPathOf(entry.path);
    for (const found of this.#o.surplus?.past(path) ?? []) this.#tell(() => this.#remove(found));
    if (path === '') this.#root(entry);
    else if (entry.kind === 'directory') this.#folder(entry, path);
    else this.#other(entry, path, this.#folders.around(path));
    while (this.#queue.length > AHEAD) (await this.#queue.shift())?.();
  }

  async end(): Promise<void> {
    for (const found of this.#o.surplus?.rest() ?? []) this.#tell(() => this.#remove(found));
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) (await next)();
    this.#o.signal.throwIfAborted();
    for (const shared of this.#shared) this.#settle(shared);
    for (const link of this.#hardlinks) this.#link(link, rawPathOf(link.path));
  }

  /** At once, when nothing that comes before is still being compared. */
  #tell(next: Promise<() => void> | (() => void)): void {
    if (typeof next === 'function' && this.#queue.length === 0) next();
    else this.#queue.push(next);
  }

  #root(entry: StoredEntry): void {
    const { destination, wanted, attributes } = this.#o;
    if (entry.kind !== 'directory') escapes('', 'the root of the tree is no folder');
    if (destination === undefined) this.#lacks(entry, '');
    if (destination === undefined) return;
    if (destination.isFresh('')) this.#foreseeAttributes(entry, '', destination.lookAtRoot());
    this.#leftOver('', destination.root);
    this.#o.surplus?.enter('');
    if (wanted.conflict === 'replace' && wanted.within('') && !destination.isFresh('')) {
      const stands = destination.lookAtRoot();
      const differs = this.#attributeDifferences(
        '',
        `${destination.root}/.`,
        stands,
        attributes.onto(entry.meta, stands),
      );
      this.#tell(differs.then((all) => () => this.#difference(entry, '', toSet(all), stands)));
    }
  }

  /** What killed restores left in a folder that is there: it goes whatever is restored. */
  #leftOver(path: RawPath, folder: RawPath): void {
    for (const name of leftOver(folder)) {
      const child = childOf(path, name);
      const stands = lookAt(childOf(folder, name), child);
      if (stands !== undefined) this.#tell(() => this.#remove({ path: child, place: child, stands }));
    }
  }

  #folder(entry: Entry<'directory'>, path: RawPath): void {
    const outcome = this.#enter(entry, path, this.#folders.around(path));
    this.#folders.enter(path, outcome);
    this.#allFolders.add(path);
  }

  #enter(entry: Entry<'directory'>, path: RawPath, around: Folder): Folder {
    const { destination, wanted, attributes, surplus } = this.#o;
    if (around === 'without') return 'without';
    if (around === 'make' || destination === undefined) {
      this.#tell(() => this.#make(entry, path));
      return 'make';
    }
    using place = destination.place(path);
    const stands = this.#standing(entry, path, place);
    if (stands === 'unknown') return 'without';
    if (stands === undefined) {
      this.#tell(() => this.#make(entry, path));
      return 'make';
    }
    if (stands.isDirectory()) {
      destination.found(path, stands);
      if (wanted.isLeft(stands)) {
        this.#tell(() => this.#o.keep(path));
        return 'without';
      }
      this.#leftOver(path, place.path);
      surplus?.enter(path);
      if (wanted.conflict === 'replace' && wanted.within(path)) {
        const differs = this.#attributeDifferences(path, place.path, stands, attributes.onto(entry.meta, stands));
        const told = differs.then((all) => () => this.#difference(entry, path, toSet(all), stands));
        this.#tell(this.#whenCompared(path, told));
      }
      return 'found';
    }
    if (wanted.conflict === 'replace') {
      this.#tell(() => this.#difference(entry, path, { action: 'kind', differs: [] }, stands));
      return keepsExcluded(path, stands, wanted.spared) ? 'without' : 'make';
    }
    if (wanted.conflict === 'error') {
      if (stands.isSymbolicLink()) escapes(path, 'a symbolic link stands in the place of this folder');
      this.#tell(() => this.#o.conflict(path, stands));
    } else this.#tell(() => this.#o.keep(path));
    return 'without';
  }

  #other(entry: Exclude<StoredEntry, { kind: 'directory' }>, path: RawPath, around: Folder): void {
    const { destination, wanted } = this.#o;
    if (entry.kind === 'hardlink') this.#checkTarget(rawPathOf(entry.target));
    if (around === 'without' || (entry.kind === 'special' && entry.type === 'socket')) return;
    const place = around === 'make' ? undefined : destination?.place(path);
    try {
      const stands = place === undefined ? undefined : this.#standing(entry, path, place);
      if (stands === 'unknown') return;
      if (place === undefined || stands === undefined) {
        if (entry.kind === 'hardlink' && wanted.conflict === 'replace') this.#hardlinks.push(entry);
        else this.#tell(() => this.#make(entry, path));
      } else if (wanted.conflict !== 'replace') {
        this.#tell(() => (wanted.conflict === 'skip' ? this.#o.keep(path) : this.#o.conflict(path, stands)));
      } else if (stands.isDirectory()) this.#makeRoom(entry, path, place.path, stands);
      else this.#compare(entry, path, place.path, stands);
    } finally {
      place?.[Symbol.dispose]();
    }
  }

  /** What is there; `unknown`, which is told, where this user may not look. */
  #standing({ kind }: StoredEntry, path: RawPath, place: Place): BigIntStats | undefined | 'unknown' {
    try {
      return this.#o.destination?.standing(path, place);
    } catch (error) {
      this.#tell(() => this.#o.fail(path, error, kind));
      return 'unknown';
    }
  }

  /** A folder is in the way: it goes, when nothing in it stays. */
  #makeRoom(entry: StoredEntry, path: RawPath, place: RawPath, stands: BigIntStats): void {
    const { surplus, wanted } = this.#o;
    if (keepsExcluded(path, stands, wanted.spared)) {
      this.#tell(() => this.#o.fail(path, patternsStay(path)));
      return;
    }
    const inside = [...(surplus?.below(path, place, stands) ?? [])];
    const last = inside.pop();
    const goes =
      surplus === undefined || last === undefined
        ? readdirSync(systemPath(place)).length === 0
        : 'stands' in last && last.path === path;
    if (!goes) {
      this.#tell(() => this.#o.conflict(path, stands));
      return;
    }
    for (const found of inside) this.#tell(() => this.#remove(found));
    this.#tell(() => this.#difference(entry, path, { action: 'kind', differs: [] }, stands));
  }

  #compare(
    entry: Exclude<StoredEntry, { kind: 'directory' }>,
    path: RawPath,
    place: RawPath,
    stands: BigIntStats,
  ): void {
    const inode = inodeOf(stands);
    const shared = !stands.isDirectory() && stands.nlink > 1n;
    if (shared) this.#names.set(inode, (this.#names.get(inode) ?? 0n) + 1n);
    if (entry.kind === 'hardlink') {
      this.#hardlinks.push(entry);
      return;
    }
    const { wanted, attributes } = this.#o;
    const given = attributes.onto(entry.meta, stands);
    const compare = async () => {
      const attributes = await this.#attributeDifferences(path, place, stands, given);
      const difference = await differenceFrom(entry, stands, place, { attributes, content: wanted.compareContent });
      return () => {
        if (shared) this.#shared.push({ entry, stands, difference });
        else this.#difference(entry, path, difference, stands);
      };
    };
    this.#tell(this.#whenCompared(path, compare()));
  }

  async #attributeDifferences(path: RawPath, place: RawPath, stands: BigIntStats, given: Given): Promise<Aspect[]> {
    const unread = (what: string, code: string) => this.#o.unread(path, what, code);
    const extras = this.#o.extras.differences(place, stands, given, unread);
    return [...attributeDifferences(stands, given, this.#o.slackNs), ...(await extras)];
  }

  /** Holds the folder that the file lies in until it was read. */
  #whenCompared(path: RawPath, told: Promise<() => void>): Promise<() => void> {
    const place = this.#o.destination?.place(path);
    const settled = told.finally(() => place?.[Symbol.dispose]());
    settled.catch(() => {}); // it is awaited when its turn comes
    return settled;
  }

  /**
   * A file with several names. What is set of it is set for all of them: so it stays only when all are names of the tree, for one
   * file of the tree. Otherwise the tree's file gets an inode of its own.
   */
  #settle({ entry, stands, difference }: Shared): void {
    const path = rawPathOf(entry.path);
    const inode = inodeOf(stands);
    const outside = stands.nlink - (this.#names.get(inode) ?? 0n);
    const taken = this.#staying.has(inode);
    if (difference === undefined && !taken) {
      this.#staying.set(inode, path);
      this.#lacks(entry, path, stands);
      this.#o.same(path);
    } else if (difference?.action === 'attributes' && !taken && outside === 0n) {
      this.#staying.set(inode, path);
      this.#difference(entry, path, difference, stands);
    } else {
      const more = outside > 0n ? { otherNames: Number(outside) } : {};
      const separate: Difference =
        difference === undefined || difference.action === 'attributes'
          ? { action: 'links', differs: [...(difference?.differs ?? []), 'links'] }
          : difference;
      this.#difference(entry, path, separate, stands, more);
    }
  }

  #link(entry: Entry<'hardlink'>, path: RawPath): void {
    const { destination } = this.#o;
    using place = destination?.knows(parentOf(path)) ? destination.place(path) : undefined;
    const stands = place === undefined ? undefined : destination?.standing(path, place);
    if (stands === undefined) this.#make(entry, path);
    else if (stands.isDirectory()) this.#difference(entry, path, { action: 'kind', differs: [] }, stands);
    else if (this.#staying.get(inodeOf(stands)) === rawPathOf(entry.target)) this.#o.same(path);
    else {
      const outside = stands.nlink - (this.#names.get(inodeOf(stands)) ?? 1n);
      const more = outside > 0n ? { otherNames: Number(outside) } : {};
      this.#difference(entry, path, { action: 'links', differs: ['links'] }, stands, more);
    }
  }

  #make(entry: StoredEntry, path: RawPath): void {
    const { destination, wanted } = this.#o;
    const isAmongOthers = destination?.knows(parentOf(path)) && !destination.isFresh(parentOf(path));
    if (isAmongOthers && keepsExcluded(path, undefined, wanted.spared)) this.#o.fail(path, patternsStay(path));
    else {
      this.#foresee(entry, path);
      this.#o.change(path, { ...described(entry), action: 'make', differs: [] }, undefined);
    }
  }

  #remove(found: Surplus): void {
    const { path } = found;
    if ('error' in found) this.#o.fail(path, found.error);
    else {
      const kind = kindOf(found.stands);
      this.#refuse(path);
      this.#o.change(path, { path: bytesOf(path), kind, action: 'remove', differs: [] }, found.stands);
    }
  }

  #difference(
    entry: StoredEntry,
    path: RawPath,
    difference: Difference,
    stands: BigIntStats,
    more: Pick<Change, 'otherNames'> = {},
  ): void {
    if (difference === undefined) {
      this.#lacks(entry, path, stands);
      this.#o.same(path);
      return;
    }
    if (difference.action !== 'attributes' && keepsExcluded(path, stands, this.#o.wanted.spared)) {
      this.#o.fail(path, patternsStay(path));
      return;
    }
    if (difference.action === 'attributes') this.#foreseeAttributes(entry, path, stands);
    else this.#foresee(entry, path);
    const there = difference.action === 'kind' ? { there: kindOf(stands) } : {};
    this.#o.change(path, { ...described(entry), ...difference, ...there, ...more }, stands);
  }

  /** Something would be made there, or put in the place of something. */
  #foresee(entry: StoredEntry, path: RawPath): void {
    if (!this.#refuse(path)) this.#lacks(entry, path);
  }

  #foreseeAttributes(entry: StoredEntry, path: RawPath, stands: BigIntStats): void {
    const user = process.geteuid?.() ?? 0;
    if (user === 0 || stands.uid === BigInt(user)) this.#lacks(entry, path, stands);
    else this.#o.refused(path, Object.assign(new Error('it is of another'), { code: 'EPERM' }));
  }

  /** Another name lacks what the first one does. */
  #lacks(entry: StoredEntry, path: RawPath, stands?: BigIntStats): void {
    if (entry.kind !== 'hardlink') this.#o.lacks(path, this.#o.attributes.lost(entry.meta, stands));
  }

  /** Whether this user may not make or remove anything in the folder it lies in, if that is there. */
  #refuse(path: RawPath): boolean {
    const { destination } = this.#o;
    const parent = parentOf(path);
    if (path === '' || !destination?.knows(parent)) return false;
    try {
      destination.requireWritable(parent);
      return false;
    } catch (error) {
      this.#o.refused(path, error);
      return true;
    }
  }

  /** A name must be given to a file of this tree; of a selection, the folder that file lies in need not be part. */
  #checkTarget(target: RawPath): void {
    checkPath(target);
    const all = this.#o.wanted.patterns === undefined;
    if (all && !this.#allFolders.has(parentOf(target))) escapes(target, 'what it lies in is not a folder of the tree');
  }
}

function toSet(differs: readonly Aspect[]): Difference {
  return differs.length === 0 ? undefined : { action: 'attributes', differs };
}

function described(entry: StoredEntry): Pick<Change, 'path' | 'kind' | 'size'> {
  const { path, kind } = entry;
  return entry.kind === 'file' ? { path, kind, size: entry.size } : { path, kind };
}
