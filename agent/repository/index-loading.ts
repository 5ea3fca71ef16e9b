import { createHash } from 'node:crypto';
import { type Failure, failureOf, type Listed } from '../contract/index.ts';
import { ChunkIndex } from './chunk-index.ts';
import { damaged } from './damage.ts';
import { decodeFragment } from './fragment.ts';
import type { DomainKeys } from './keys/domain.ts';
import { epochKey, indexPrefix, packKey, packPrefix, parseIndexKey, parsePackKey } from './layout.ts';
import { birthName } from './missing-frames.ts';
import { checkHeader, HEADER_BYTES } from './object.ts';
import { openTable, parseTrailer, TRAILER_BYTES } from './pack.ts';
import { type KnownPack, PackList } from './pack-list.ts';
import type { References } from './references.ts';
import { holdersOf, scatteredPacks } from './scattered-packs.ts';
import type { ObjectProblem, Store } from './store.ts';
import { encodeTable } from './table.ts';

export interface LoadedIndex {
  readonly index: ChunkIndex;
  readonly packs: PackList;
  /** Packs that no index fragment named: what a killed run had stored. The next fragment must name them. */
  readonly adopted: readonly number[];
  /** Packs that an index fragment names and that are not there at their full size. */
  readonly absent: readonly KnownPack[];
  /** What was passed over: damaged fragments, packs that are named but not there or of another size. */
  readonly problems: readonly ObjectProblem[];
}

/** Which epochs of a domain there are, by id. What is sealed to none of them can never be opened. */
export interface PresentEpochs {
  /** Some target holds them intact, and whoever is to open what is stored can open them. */
  readonly usable: ReadonlySet<string>;
  /** Intact, but not for all who are to open what is stored. */
  readonly withheld?: ReadonlySet<string>;
}

export interface IndexOptions {
  readonly epochs?: PresentEpochs;
  /** Frames that count before all others. */
  readonly first?: References;
  /** Names of packs that do not count, as if they were not there. */
  readonly marked?: ReadonlySet<string>;
}

/**
 * Builds the chunk index of a domain from what the store holds.
 *
 * For writing, a pack counts only when every target has it at its full size, and of others the frames that every target has in
 * whatever packs: a deduplication hit needs the chunk on all of them. For reading, one target is enough, and of a pack that was cut
 * short the frames that are left count. Packs that no fragment names are read themselves (their tables lie at their ends), so a damaged
 * or missing fragment costs time and nothing else.
 *
 * `WRONG_KEY` when nothing opens with the domain's key. One fragment that does not, among others that do, is somebody else's: who
 * may add objects, and nothing more, must not be able to stop every run and every restore with one.
 *
 * `epochs`: a pack that is sealed to another than the usable ones does not count for writing, and for reading it comes last, since
 * what it holds may have been stored anew.
 *
 * `first`: frames that count before all others. Those of a snapshot are named and signed by its writer, so that nobody who shares
 * the domain can put a chunk of his own in the place of one that it needs.
 */
export async function loadIndex(
  store: Store,
  domain: DomainKeys,
  use: 'write' | 'read',
  { epochs, first, marked = new Set() }: IndexOptions = {},
): Promise<LoadedIndex> {
  const problems: ObjectProblem[] = [];
  const listed = (await store.list(packPrefix(domain.id))).map((objects) => without(objects, marked));
  const fragments = await store.list(indexPrefix(domain.id));
  const present = packsPresent(listed, use);
  const found = new Map<string, KnownPack>();
  const missing = new Map<string, KnownPack>();
  /** By which targets' fragments a pack is named. */
  const namedOn = new Map<string, Set<number>>();
  const disputed = new Set<string>();
  let foreign: unknown;
  for (const key of [...new Set(fragments.flatMap((objects) => [...objects.keys()]))].sort()) {
    try {
      for (const pack of await readFragment(store, domain, key)) {
        if (marked.has(pack.name)) continue;
        const targets = namedOn.get(pack.name) ?? new Set();
        for (const [i, objects] of fragments.entries()) if (objects.has(key)) targets.add(i);
        namedOn.set(pack.name, targets);
        const here = present.get(pack.name)?.includes(pack.size);
        const other = here ? found.get(pack.name) : undefined;
        if (other !== undefined && !sameTable(other, pack)) disputed.add(pack.name);
        (here ? found : missing).set(pack.name, pack);
      }
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      if (failure.code === 'WRONG_KEY') foreign ??= error;
      // Whoever prunes writes a new one before an old one goes; packs that are in neither are asked themselves.
      if (failure.code !== 'OBJECT_MISSING') problems.push({ object: key, failure });
    }
  }
  // Two fragments say different things of it: then only the pack itself is believed.
  for (const name of disputed) {
    found.delete(name);
    problems.push(fragmentsDisagree(domain, name));
  }
  const orphans: KnownPack[] = [];
  const partial: KnownPack[] = [];
  for (const [name, sizes] of present) {
    if (found.has(name)) continue;
    try {
      orphans.push(await readTable(store, domain, name, sizes));
    } catch (error) {
      const failure = failureOf(error, { code: 'PACK_DAMAGED', origin: 'repository' });
      problems.push({ object: packKey(domain.id, name), failure });
      const known = missing.get(name);
      if (known !== undefined && use === 'read') partial.push(cutShort(known, Math.max(...sizes)));
    }
  }
  if (foreign !== undefined && found.size + missing.size + orphans.length === 0) throw foreign;
  const elsewhere = [...missing.values()].filter(({ name }) => !found.has(name));
  const scattered = use === 'write' ? scatteredPacks(listed, domain.id, elsewhere) : [];
  const whole = new Set(scattered.filter((pack) => isWhole(pack, missing)).map(({ name }) => name));
  // A target whose own fragments say nothing of a pack does not lack it: it lags, or was pruned by itself.
  const isLost = (pack: KnownPack) => {
    const holders = holdersOf(listed, domain.id, pack);
    return [...(namedOn.get(pack.name) ?? [])].some((target) => !holders.includes(target));
  };
  const absent = elsewhere.filter((pack) => (use === 'read' || isLost(pack)) && !whole.has(pack.name));
  for (const pack of absent) problems.push(packMissing(domain, pack, present.get(pack.name)?.[0]));
  const lost = new Map<string, number>();
  const opens = (pack: KnownPack) => {
    const closed = epochsOf(pack).filter((epoch) => epochs?.usable.has(epoch) === false);
    for (const epoch of closed) if (!epochs?.withheld?.has(epoch)) lost.set(epoch, (lost.get(epoch) ?? 0) + 1);
    return closed.length === 0;
  };
  const packs = Map.groupBy([...found.values(), ...scattered], opens);
  const others = Map.groupBy(orphans, opens);
  const last = [...partial, ...(packs.get(false) ?? []), ...(others.get(false) ?? [])];
  const loaded = fill(packs.get(true) ?? [], others.get(true) ?? [], use === 'read' ? last : [], use, first);
  for (const [epoch, count] of lost) problems.push(epochLost(domain, epoch, count));
  return { ...loaded, absent, problems };
}

function without(objects: ReadonlyMap<string, Listed>, marked: ReadonlySet<string>): Map<string, Listed> {
  return new Map([...objects].filter(([key]) => !marked.has(key.slice(key.lastIndexOf('/') + 1))));
}

function isWhole({ name, table }: KnownPack, known: ReadonlyMap<string, KnownPack>): boolean {
  return table.frames.length === known.get(name)?.table.frames.length;
}

function sameTable(a: KnownPack, b: KnownPack): boolean {
  return Buffer.compare(encodeTable(a.table), encodeTable(b.table)) === 0;
}

/** The epochs that a pack is sealed to, hex. */
function epochsOf({ table }: KnownPack): string[] {
  return [...new Set(table.births.map(({ epoch }) => Buffer.from(epoch).toString('hex')))];
}

/** The sizes that a pack has on the targets, by its name; for writing, of those that all targets have at one size. */
function packsPresent(listed: readonly ReadonlyMap<string, Listed>[], use: 'write' | 'read'): Map<string, number[]> {
  const present = new Map<string, number[]>();
  for (const objects of listed) {
    for (const { key, size } of objects.values()) {
      const name = parsePackKey(key)?.name;
      if (name === undefined) continue;
      const sizes = present.get(name) ?? [];
      const everywhere = use === 'read' || listed.every((other) => other.get(key)?.size === size);
      if (everywhere && !sizes.includes(size)) present.set(name, [...sizes, size]);
    }
  }
  return present;
}

async function readFragment(store: Store, domain: DomainKeys, key: string): Promise<KnownPack[]> {
  const name = parseIndexKey(key)?.name;
  if (name === undefined) return [];
  return store.read(key, undefined, (bytes) => {
    // First, so that damage to what tells keys apart is not taken for another key.
    if (createHash('sha256').update(bytes).digest('hex') !== name)
      damaged('OBJECT_DAMAGED', `${key} is damaged: its SHA-256 is not its name.`);
    return decodeFragment(bytes, { domain: Buffer.from(domain.id, 'hex'), indexKey: domain.indexKey, key });
  });
}

/** The table at the end of a pack, from a copy that begins as one of this version and ends as a pack of its size does. */
async function readTable(store: Store, domain: DomainKeys, name: string, sizes: readonly number[]): Promise<KnownPack> {
  const key = packKey(domain.id, name);
  let failure: unknown;
  for (const size of sizes) {
    try {
      await store.read(key, { offset: 0, length: HEADER_BYTES }, (start) => checkHeader(start, 'pack', key));
      const last = { offset: Math.max(0, size - TRAILER_BYTES), length: TRAILER_BYTES };
      const trailer = await store.read(key, last, (end) => parseTrailer(end, key, size));
      const place = { offset: trailer.tableOffset, length: trailer.tableLength };
      const open = (sealed: Uint8Array) =>
        openTable(domain.indexKey, Buffer.from(domain.id, 'hex'), trailer, sealed, key);
      return { name, size, table: await store.read(key, place, open) };
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** The pack as far as it is there. Frames lie in the order of the table. */
function cutShort(pack: KnownPack, size: number): KnownPack {
  const frames = pack.table.frames.filter((frame) => frame.offset + frame.sealedLength <= size);
  return { ...pack, size, table: { ...pack.table, frames } };
}

/** Whole packs come first: of a chunk that lies in two, the first counts. */
function fill(
  known: readonly KnownPack[],
  orphans: readonly KnownPack[],
  last: readonly KnownPack[],
  use: 'write' | 'read',
  first: References | undefined,
): Omit<LoadedIndex, 'absent' | 'problems'> {
  const all = [...known, ...orphans, ...last];
  const chunks = all.reduce((sum, pack) => sum + pack.table.lengths.length, 0);
  const index = ChunkIndex.create(chunks, use);
  const packs = new PackList();
  const adopted: number[] = [];
  all.forEach((pack, i) => {
    const number = index.nextPack();
    packs.set(number, pack);
    if (i >= known.length && i < known.length + orphans.length) adopted.push(number);
  });
  if (first !== undefined) {
    const wanted = new Map(first.births.map(({ salt, ordinals }) => [birthName(salt), new Set(ordinals)]));
    for (const [number, pack] of packs)
      addPack(index, number, pack, (birth, ordinal) => wanted.get(birth)?.has(ordinal) === true);
  }
  for (const [number, pack] of packs) addPack(index, number, pack);
  return { index, packs, adopted };
}

/** Places every chunk of a pack that is stored already; of a chunk stored twice, the first stays. */
function addPack(
  index: ChunkIndex,
  number: number,
  pack: KnownPack,
  counts?: (birth: string, ordinal: number) => boolean,
): void {
  const births = counts === undefined ? [] : pack.table.births.map(({ salt }) => birthName(salt));
  pack.table.frames.forEach((frame, f) => {
    if (counts !== undefined && !counts(births[frame.birth] ?? '', frame.ordinal)) return;
    let offset = 0;
    for (let c = frame.firstChunk; c < frame.firstChunk + frame.chunkCount; c++) {
      const length = pack.table.lengths[c] as number;
      const { slot, fresh } = index.claim(pack.table.ids, c * 32, number);
      if (fresh) index.place(slot, f, offset, length);
      offset += length;
    }
  });
}

function fragmentsDisagree(domain: DomainKeys, name: string): ObjectProblem {
  const object = packKey(domain.id, name);
  const failure: Failure = {
    code: 'INDEX_DISPUTED',
    message: `two index fragments say different things of ${object}; what it says itself was taken`,
    origin: 'repository',
    permanent: true,
    hint: 'one of them is a forgery, by somebody who has the keys of a host of this domain: find out who',
  };
  return { object, failure };
}

function packMissing(domain: DomainKeys, pack: KnownPack, size: number | undefined): ObjectProblem {
  const object = packKey(domain.id, pack.name);
  const what = size === undefined ? 'is not on every target' : `has ${size} bytes instead of ${pack.size}`;
  const failure: Failure = {
    code: 'PACK_MISSING',
    message: `${object} ${what}; what is still at its source will be stored anew`,
    origin: 'repository',
    permanent: true,
    hint: 'run `holdfast verify` to see which snapshots it affects',
  };
  return { object, failure };
}

function epochLost(domain: DomainKeys, epoch: string, packs: number): ObjectProblem {
  const object = epochKey(domain.id, epoch);
  const failure: Failure = {
    code: 'EPOCH_LOST',
    message: `${object} can be read on no target; without it nobody can open the packs that are sealed to it (${packs})`,
    origin: 'repository',
    permanent: true,
    hint: 'bring the object back from any copy of the repository; what still is at its source is stored anew',
  };
  return { object, failure };
}
