import type { BigIntStats } from 'node:fs';
import type { Aspect } from 'holdfast/plugin';
import type { ExtrasAccess, InodeExtras, ReadExtras, WantedExtras } from 'holdfast/system';
import type { Given } from './attributes.ts';
import { bytesOf, type RawPath } from './raw-path.ts';

/** How many are asked about at once: where there is no other way, a process is started for it. */
const BATCH = 256;

interface Asked {
  readonly place: RawPath;
  readonly holder: boolean;
  done(read: ReadExtras | undefined): void;
  failed(error: unknown): void;
}

/** Compares extended attributes and flags of what stands somewhere with what it is to have; many are asked about together. */
export class StandingExtras {
  readonly #access: ExtrasAccess;
  readonly #wanted: WantedExtras;
  #asked: Asked[] = [];

  constructor(access: ExtrasAccess, wanted: WantedExtras) {
    this.#access = access;
    this.#wanted = wanted;
  }

  /**
   * In what it differs, as far as that can be set here. `unread` is told what could not be read, and so not be compared. The folder
   * that `place` lies in is to be held until then.
   */
  async differences(
    place: RawPath,
    stands: BigIntStats,
    given: Given,
    unread: (what: string, code: string) => void,
  ): Promise<Aspect[]> {
    const holder = stands.isFile() || stands.isDirectory();
    if (given.xattrs === undefined && (given.flags === undefined || !holder)) return [];
    const read = await this.#read(place, holder);
    const failed = new Set(read?.troubles.map(({ what }) => (what === 'flags' ? 'flags' : 'xattrs')));
    for (const { what, code } of read?.troubles ?? []) unread(what === 'flags' ? 'flags' : 'extended attributes', code);
    const { missing, by } = this.#access;
    const isComparable = (what: 'xattrs' | 'flags') => !failed.has(what) && !missing.has(what);
    const differs: Aspect[] = [];
    if (isComparable('xattrs') && !hasXattrs(read?.xattrs ?? {}, given.xattrs, by)) differs.push('xattrs');
    if (holder && isComparable('flags') && !hasFlags(read?.flags ?? 0, given.flags, by)) differs.push('flags');
    return differs;
  }

  #read(place: RawPath, holder: boolean): Promise<ReadExtras | undefined> {
    return new Promise((done, failed) => {
      if (this.#asked.push({ place, holder, done, failed }) >= BATCH) void this.#flush();
      else if (this.#asked.length === 1) setImmediate(() => void this.#flush());
    });
  }

  async #flush(): Promise<void> {
    const asked = this.#asked;
    this.#asked = [];
    if (asked.length === 0) return;
    try {
      const inodes = asked.map(({ place, holder }) => ({ path: bytesOf(ofThisProcess(place)), holder }));
      const read = await this.#access.read(inodes, this.#wanted);
      asked.forEach(({ done }, n) => {
        done(read[n]);
      });
    } catch (error) {
      for (const { failed } of asked) failed(error);
    }
  }
}

/** A path through a descriptor leads elsewhere in another program. */
function ofThisProcess(place: RawPath): RawPath {
  return place.replace(/^\/proc\/self\//, `/proc/${process.pid}/`);
}

type Xattrs = NonNullable<InodeExtras['xattrs']>;

/** By tools, none can be taken away. */
function hasXattrs(there: Xattrs, wanted: Xattrs | undefined, by: ExtrasAccess['by']): boolean {
  if (wanted === undefined) return true;
  const others = Object.keys(there).filter((name) => !Object.hasOwn(wanted, name) && !isLabel(name));
  if (by === 'libc' && others.length > 0) return false;
  return Object.entries(wanted).every(([name, value]) => {
    const has = there[name];
    return has !== undefined && Buffer.compare(has, value) === 0;
  });
}

function hasFlags(there: number, wanted: number | undefined, by: ExtrasAccess['by']): boolean {
  if (wanted === undefined) return true;
  return by === 'libc' ? there === wanted : (there & wanted) === wanted;
}

/** What a security module gives everything by itself is no difference: where none is stored, none is taken away. */
function isLabel(name: string): boolean {
  return name.startsWith('security.') && name !== 'security.capability';
}
