import { createHash } from 'node:crypto';
import { type Failure, failureOf, type Listed } from '../contract/index.ts';
import { ChunkIndex } from './chunk-index.ts';
import { damaged } from './damage.ts';
import { decodeFragment } from './fragment.ts';
import type { DomainKeys } from './keys/domain.ts';
import { epochKey, indexPrefix, packKey, packPrefix, parseIndexKey, parsePackKey } from './layout.ts';
import { openTable, parseTrailer, TRAILER_BYTES } from './pack.ts';
import { type KnownPack, PackList } from './pack-list.ts';
import type { Store } from './store.ts';

export interface LoadedIndex {
  readonly index: ChunkIndex;
  readonly packs: PackList;
  /** Packs that no index fragment named: what a killed run had stored. The next fragment must name them. */
  readonly adopted: readonly number[];
  /** What was passed over: damaged fragments, packs that are named but not there or of another size. */
  readonly problems: readonly Failure[];
}

/** Which epochs of a domain there are, by id. What is sealed to none of them can never be opened. */
export interface PresentEpochs {
  /** Some target holds them intact, and whoever is to open what is stored can open them. */
  readonly usable: ReadonlySet<string>;
  /** Intact, but not for all who are to open what is stored. */
  readonly withheld?: ReadonlySet<string>;
}

/**
 * Builds the chunk index of a domain from what the store holds.
 *
 * For writing, a pack counts only when every target has it at its full size: a deduplication hit needs the chunk on all of
 * them. For reading, one target is enough, and of a pack that was cut short the frames that are left count. Packs that no
 * fragment names are read themselves (their tables lie at their ends), so a damaged or missing fragment costs time and nothing else.
 *
 * `WRONG_KEY` when nothing opens with the domain's key. One fragment that does not, among others that do, is somebody else's: who
 * may add objects, and nothing more, must not be able to stop every run and every restore with one.
 *
 * `epochs`: a pack that is sealed to another than the usable ones does not count for writing, and for reading it comes last, since
 * what it holds may have been stored anew.
 */
export async function loadIndex(
  store: Store,
  domain: DomainKeys,
  use: 'write' | 'read',
  epochs?: PresentEpochs,
): Promise<LoadedIndex> {
  const problems: Failure[] = [];
  const present = packsPresent(await store.list(packPrefix(domain.id)), use);
  const found = new Map<string, KnownPack>();
  const missing = new Map<string, KnownPack>();
  let foreign: unknown;
  for (const key of await store.keys(indexPrefix(domain.id))) {
    try {
      for (const pack of await readFragment(store, domain, key)) {
        const here = present.get(pack.name)?.includes(pack.size);
        (here ? found : missing).set(pack.name, pack);
      }
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      if (failure.code === 'WRONG_KEY') foreign ??= error;
      problems.push(failure);
    }
  }
  const orphans: KnownPack[] = [];
  const partial: KnownPack[] = [];
  for (const [name, sizes] of present) {
    if (found.has(name)) continue;
    try {
      orphans.push(await readTable(store, domain, name, sizes));
    } catch (error) {
      problems.push(failureOf(error, { code: 'PACK_DAMAGED', origin: 'repository' }));
      const known = missing.get(name);
      if (known !== undefined && use === 'read') partial.push(cutShort(known, Math.max(...sizes)));
    }
  }
  if (foreign !== undefined && found.size + missing.size + orphans.length === 0) throw foreign;
  for (const [name, pack] of missing) {
    if (!found.has(name)) problems.push(packMissing(domain, pack, present.get(name)?.[0]));
  }
  const lost = new Map<string, number>();
  const opens = (pack: KnownPack) => {
    const closed = epochsOf(pack).filter((epoch) => epochs?.usable.has(epoch) === false);
    for (const epoch of closed) if (!epochs?.withheld?.has(epoch)) lost.set(epoch, (lost.get(epoch) ?? 0) + 1);
    return closed.length === 0;
  };
  const packs = Map.groupBy([...found.values()], opens);
  const others = Map.groupBy(orphans, opens);
  const last = [...partial, ...(packs.get(false) ?? []), ...(others.get(false) ?? [])];
  const loaded = fill(packs.get(true) ?? [], others.get(true) ?? [], use === 'read' ? last : [], use);
  for (const [epoch, count] of lost) problems.push(epochLost(domain, epoch, count));
  return { ...loaded, problems };
}

/** The epochs that a pack is sealed to, hex. */
function epochsOf({ table }: KnownPack): string[] {
  return [...new Set(table.births.map(({ epoch }) => Buffer.from(epoch).toString('hex')))];
}

/** The sizes that a pack has on the targets, by its name; for writing, of those that all targets have at one size. */
function packsPresent(listed: readonly Map<string, Listed>[], use: 'write' | 'read'): Map<string, number[]> {
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

/** The table at the end of a pack, from a copy that ends as a pack of its size does. */
async function readTable(store: Store, domain: DomainKeys, name: string, sizes: readonly number[]): Promise<KnownPack> {
  const key = packKey(domain.id, name);
  let failure: unknown;
  for (const size of sizes) {
    try {
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
): Omit<LoadedIndex, 'problems'> {
  const all = [...known, ...orphans, ...last];
  const chunks = all.reduce((sum, pack) => sum + pack.table.lengths.length, 0);
  const index = ChunkIndex.create(chunks, use);
  const packs = new PackList();
  const adopted: number[] = [];
  all.forEach((pack, i) => {
    const number = index.nextPack();
    packs.set(number, pack);
    if (i >= known.length && i < known.length + orphans.length) adopted.push(number);
    addPack(index, number, pack);
  });
  return { index, packs, adopted };
}

/** Places every chunk of a pack that is stored already; of a chunk stored twice, the first stays. */
function addPack(index: ChunkIndex, number: number, pack: KnownPack): void {
  pack.table.frames.forEach((frame, f) => {
    let offset = 0;
    for (let c = frame.firstChunk; c < frame.firstChunk + frame.chunkCount; c++) {
      const length = pack.table.lengths[c] as number;
      const { slot, fresh } = index.claim(pack.table.ids, c * 32, number);
      if (fresh) index.place(slot, f, offset, length);
      offset += length;
    }
  });
}

function packMissing(domain: DomainKeys, pack: KnownPack, size: number | undefined): Failure {
  const what = size === undefined ? 'is not on every target' : `has ${size} bytes instead of ${pack.size}`;
  return {
    code: 'PACK_MISSING',
    message: `${packKey(domain.id, pack.name)} ${what}; what is still at its source will be stored anew`,
    origin: 'repository',
    permanent: true,
    hint: 'run `holdfast verify` to see which snapshots it affects',
  };
}

function epochLost(domain: DomainKeys, epoch: string, packs: number): Failure {
  return {
    code: 'EPOCH_LOST',
    message: `${epochKey(domain.id, epoch)} is damaged or gone on every target; nobody can open the packs that are sealed to it (${packs})`,
    origin: 'repository',
    permanent: true,
    hint: 'bring the object back from any copy of the repository; what still is at its source is stored anew',
  };
}
