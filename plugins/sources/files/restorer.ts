import { promises as fs } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import {
  type Failure,
  type FileAttributes,
  fail,
  type Host,
  type MetaPart,
  type Reader,
  type Restored,
  type RestoreRequest,
  type StoredEntry,
} from 'holdfast/plugin';
import { openExtras, type Trouble, type WantedExtras } from 'holdfast/system';
import { Attributes, type Given, setLinkAttributes, unset } from './attributes.ts';
import { Destination, type Place } from './destination.ts';
import { conflicts, restoreFailure } from './failure.ts';
import { InFlight } from './in-flight.ts';
import { type Late, setLate } from './late-extras.ts';
import { bytesOf, printable, type RawPath, rawPathOf, systemPath, textOf } from './raw-path.ts';
import { type Wanted, wanted } from './restore-request.ts';
import { makeSpecialFile } from './special-file.ts';

// Files handed over to be written. The agent gathers them by the frames they lie in, and a frame holds hundreds of small
// files: with few in flight it would open the same frame again and again. One that waits holds its entry and nothing more.
const FILES_IN_FLIGHT = 4096;
// Each is a descriptor, and a process may have no more than 1,024.
const FOLDERS_HELD = 512;

interface RestorerOptions {
  readonly from: Reader;
  readonly artifact: string;
  readonly host: Host;
  /** What of the stored attributes is set. */
  readonly wanted: WantedExtras;
}

type Entry<K extends StoredEntry['kind']> = Extract<StoredEntry, { kind: K }>;

/**
 * Restores a tree into a folder: folders as they come, each with what is in it; files through their content, many at once;
 * then, when nothing is written through a path any more, symbolic links, special files and hard links; and the
 * attributes of folders last. One path that cannot be restored does not stop the others.
 */
export class Restorer {
  readonly #wanted: Wanted;
  readonly #from: Reader;
  readonly #artifact: string;
  readonly #host: Host;
  readonly #access = openExtras();
  readonly #attributes: Attributes;
  readonly #extras: WantedExtras;
  readonly #inFlight = new InFlight(FILES_IN_FLIGHT);
  readonly #skipped: { what: string; failure: Failure }[] = [];
  readonly #counts = { files: 0, bytes: 0, folders: 0, symlinks: 0, hardlinks: 0, specials: 0, sockets: 0, kept: 0 };
  readonly #later: (Entry<'symlink'> | Entry<'special'>)[] = [];
  readonly #hardlinks: Entry<'hardlink'>[] = [];
  // Whatever has flags gets them when nothing else is left to do: they may forbid it.
  readonly #flagged: Late[] = [];
  // Files that get their extended attributes together, where each would take a process.
  readonly #undressed: Late[] = [];
  // What a hard link may be made to. All of a whole tree, but for what was not written.
  readonly #written = new Set<RawPath>();
  readonly #unwritten = new Set<RawPath>();
  // Where something stands in the place of a folder: what would be in it is left out with it.
  #without: RawPath | undefined;

  constructor(request: RestoreRequest, { from, artifact, host, wanted: extras }: RestorerOptions) {
    this.#wanted = wanted(request);
    this.#attributes = new Attributes(extras);
    this.#extras = extras;
    this.#from = from;
    this.#artifact = artifact;
    this.#host = host;
  }

  async run(): Promise<Restored> {
    const { folder, patterns, conflict } = this.#wanted;
    const destination = openDestination(folder, conflict);
    try {
      for await (const entry of this.#from.tree(this.#artifact, patterns)) {
        this.#host.signal.throwIfAborted();
        await this.#take(entry, destination);
      }
    } finally {
      await this.#inFlight.ended();
    }
    for (const entry of this.#later) await this.#attempt(entry, () => this.#make(entry, destination));
    await this.#linkAll(destination);
    await this.#finish(destination);
    return {
      facts: { ...this.#counts, owners: this.#attributes.setsOwners ? 'set' : 'not set' },
      notSet: this.#notSet(),
      skipped: this.#skipped,
    };
  }

  #notSet(): MetaPart[] {
    const { xattrs, flags } = this.#extras;
    return [
      ...(this.#attributes.setsOwners ? [] : (['owner'] as const)),
      ...(xattrs ? [] : (['xattrs'] as const)),
      ...(flags ? [] : (['flags'] as const)),
    ];
  }

  async #take(entry: StoredEntry, destination: Destination): Promise<void> {
    const path = rawPathOf(entry.path);
    if (this.#without !== undefined && path.startsWith(`${this.#without}/`)) return;
    if (entry.kind === 'directory') await this.#attempt(entry, async () => this.#enter(entry, destination));
    else if (entry.kind === 'hardlink') this.#hardlinks.push(entry);
    else if (entry.kind === 'file')
      await this.#inFlight.start(
        () => this.#attempt(entry, () => this.#make(entry, destination)),
        () => destination.held < FOLDERS_HELD,
      );
    else this.#later.push(entry);
  }

  #enter(entry: Entry<'directory'>, destination: Destination): void {
    const path = rawPathOf(entry.path);
    this.#without = path;
    const outcome = destination.enter(path, entry.meta);
    if (outcome === 'kept') {
      this.#counts.kept++;
      return;
    }
    this.#without = undefined;
    if (outcome === 'made') this.#counts.folders++;
    if (outcome === 'made' || this.#wanted.conflict === 'replace') this.#flag(entry);
  }

  /** Makes anything but a folder, as the conflict mode says. */
  async #make(entry: Exclude<StoredEntry, { kind: 'directory' }>, destination: Destination): Promise<void> {
    const path = rawPathOf(entry.path);
    this.#host.signal.throwIfAborted();
    if (entry.kind === 'special' && entry.type === 'socket') {
      // Only the program that listens on it can make it, and does so when it starts.
      this.#counts.sockets++;
      this.#unwritten.add(path);
      return;
    }
    using place = destination.place(path);
    const stands = destination.standing(path, place);
    if (stands === undefined) {
      await this.#write(entry, place, destination);
    } else if (this.#wanted.conflict === 'skip') {
      this.#counts.kept++;
      this.#unwritten.add(path);
      return;
    } else {
      if (this.#wanted.conflict === 'error') conflicts(path);
      if (stands.isDirectory()) conflicts(path, 'a folder is never replaced by something else: move it away first');
      await this.#replace(entry, place, destination);
    }
    this.#count(entry);
    if (entry.kind === 'file') this.#flag(entry);
    if (this.#wanted.patterns !== undefined) this.#written.add(path);
  }

  #flag({ path, meta }: StoredEntry): void {
    if (this.#extras.flags && meta.flags !== undefined)
      this.#flagged.push({ path: rawPathOf(path), extras: { flags: meta.flags } });
  }

  async #replace(
    entry: Exclude<StoredEntry, { kind: 'directory' }>,
    place: Place,
    destination: Destination,
  ): Promise<void> {
    const temporary = { ...place, path: destination.beside(place.path) };
    try {
      await this.#write(entry, temporary, destination);
      await fs.rename(systemPath(temporary.path), systemPath(place.path));
    } finally {
      await fs.rm(systemPath(temporary.path), { force: true }); // also: rename leaves both names of one file as they are
    }
  }

  async #write(
    entry: Exclude<StoredEntry, { kind: 'directory' }>,
    { path: place, folder }: Place,
    destination: Destination,
  ): Promise<void> {
    const path = rawPathOf(entry.path);
    const given = this.#attributes.of(entry.meta);
    if (entry.kind === 'file') {
      const failure = await entry.content.writeTo(bytesOf(place), this.#fileAttributes(path, given));
      if (failure !== undefined)
        fail({ ...failure, message: failure.message.replaceAll(folder.path, printable(folder.name)) });
    } else if (entry.kind === 'hardlink') {
      using target = destination.place(rawPathOf(entry.target));
      await fs.link(systemPath(target.path), systemPath(place));
    } else if (entry.kind === 'symlink') {
      await fs.symlink(Buffer.from(entry.target), systemPath(place));
      this.#lacks(path, await setLinkAttributes(place, given, this.#access));
    } else {
      await makeSpecialFile(entry, given.mode, place, destination.beside(`${destination.root}/`));
      this.#lacks(path, await setLinkAttributes(place, given, this.#access));
    }
  }

  /** As the workers take them. What they cannot set is set later, while the mode lets the owner write. */
  #fileAttributes(path: RawPath, { mode, mtimeNs, owner, xattrs }: Given): FileAttributes {
    if (xattrs === undefined) return { mode, mtimeNs, ...owner };
    if (this.#access.by === 'libc') {
      const refused = (xattr: string, code: string) => this.#lacks(path, [{ what: { xattr }, code }]);
      return { mode, mtimeNs, ...owner, xattrs: { values: xattrs, refused } };
    }
    if (Object.keys(xattrs).length === 0) return { mode, mtimeNs, ...owner };
    const writable = this.#attributes.setsOwners ? mode : mode | 0o600;
    this.#undressed.push({ path, extras: { xattrs }, ...(writable === mode ? {} : { mode }) });
    return { mode: writable, mtimeNs, ...owner };
  }

  async #linkAll(destination: Destination): Promise<void> {
    const moved = new Map<RawPath, RawPath>();
    for (const entry of this.#hardlinks) {
      const path = rawPathOf(entry.path);
      const first = rawPathOf(entry.target);
      const target = moved.get(first) ?? first;
      await this.#attempt(entry, async () => {
        if (this.#holdsContent(target)) return this.#make({ ...entry, target: bytesOf(target) }, destination);
        // The name that carries the content was not selected or is kept: this one gets the content, later ones link to it.
        await this.#make({ ...(await this.#stored(first)), path: entry.path }, destination);
        if (this.#holdsContent(path)) moved.set(first, path);
      });
    }
  }

  #holdsContent(path: RawPath): boolean {
    if (this.#unwritten.has(path)) return false;
    return this.#wanted.patterns === undefined || this.#written.has(path);
  }

  async #stored(path: RawPath): Promise<Exclude<StoredEntry, { kind: 'directory' | 'hardlink' }>> {
    const pattern = `/${textOf(path).replace(/[\\*?[\]!# ]/g, '\\$&')}`;
    for await (const entry of this.#from.tree(this.#artifact, [pattern])) {
      if (rawPathOf(entry.path) === path && entry.kind !== 'directory' && entry.kind !== 'hardlink') return entry;
    }
    return fail(restoreFailure(new Error('the name that carries its content is not in the tree'), path));
  }

  async #finish(destination: Destination): Promise<void> {
    const written = this.#undressed.filter(({ path }) => !this.#unwritten.has(path));
    for await (const outcome of setLate(written, this.#access, destination)) this.#told(outcome);
    let done = 0;
    for await (const outcome of destination.finish(this.#attributes, this.#access)) {
      this.#told(outcome);
      if (++done % 256 === 0) await setImmediate(); // these calls are synchronous; let others have a turn
    }
    const deepestFirst = this.#flagged.reverse();
    for await (const outcome of setLate(deepestFirst, this.#access, destination)) this.#told(outcome);
  }

  #told({ path, troubles, error }: { path: RawPath; troubles: readonly Trouble[]; error?: unknown }): void {
    this.#lacks(path, troubles);
    if (error !== undefined) this.#skip(path, error);
  }

  /** Says what was restored, and what it could not be given. */
  #lacks(path: RawPath, troubles: readonly Trouble[]): void {
    for (const failure of unset(path, troubles)) this.#skipped.push({ what: printable(path), failure });
  }

  async #attempt(entry: StoredEntry, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#host.signal.throwIfAborted();
      const path = rawPathOf(entry.path);
      this.#unwritten.add(path);
      this.#skip(path, error, entry.kind === 'directory' ? { hint: 'nothing in this folder was restored' } : {});
    }
  }

  #skip(path: RawPath, error: unknown, more: Pick<Failure, 'hint'> = {}): void {
    this.#skipped.push({ what: printable(path), failure: { ...restoreFailure(error, path), ...more } });
  }

  #count(entry: Exclude<StoredEntry, { kind: 'directory' }>): void {
    if (entry.kind === 'file') {
      this.#counts.files++;
      this.#counts.bytes += entry.size;
    } else if (entry.kind === 'symlink') this.#counts.symlinks++;
    else if (entry.kind === 'hardlink') this.#counts.hardlinks++;
    else this.#counts.specials++;
  }
}

function openDestination(folder: string, conflict: RestoreRequest['conflict']): Destination {
  try {
    return Destination.open(folder, conflict);
  } catch (error) {
    return fail(restoreFailure(error, folder), error);
  }
}
