import { type Failure, failureOf, type Listed } from '../contract/index.ts';
import { ChunkIndex } from './chunk-index.ts';
import { decodeFragment } from './fragment.ts';
import type { DomainKeys } from './keys/domain.ts';
import { indexPrefix, packKey, packPrefix } from './layout.ts';
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

/**
 * Builds the chunk index of a domain from what the store holds.
 *
 * For writing, a pack counts only when every target has it at its full size: a deduplication hit needs the chunk on all of
 * them. For reading, one target is enough. Packs that no fragment names are read themselves (their tables lie at their ends),
 * so a damaged or missing fragment costs time and nothing else.
 */
export async function loadIndex(store: Store, domain: DomainKeys, use: 'write' | 'read'): Promise<LoadedIndex> {
  const problems: Failure[] = [];
  const present = packsPresent(await store.list(packPrefix(domain.id)), use);
  const found = new Map<string, KnownPack>();
  for (const key of await store.keys(indexPrefix(domain.id))) {
    try {
      const decode = (bytes: Uint8Array) =>
        decodeFragment(bytes, { domain: Buffer.from(domain.id, 'hex'), indexKey: domain.indexKey, key });
      const bytes = await store.get(key, undefined, decode);
      for (const pack of decode(bytes)) {
        const size = present.get(pack.name);
        if (size === pack.size) found.set(pack.name, pack);
        else if (!found.has(pack.name)) problems.push(packMissing(domain, pack, size));
      }
    } catch (error) {
      const failure = failureOf(error, { code: 'OBJECT_DAMAGED', origin: 'repository' });
      if (failure.code === 'WRONG_KEY') throw error;
      problems.push(failure);
    }
  }
  const orphans: KnownPack[] = [];
  for (const [name, size] of present) {
    if (found.has(name)) continue;
    try {
      orphans.push(await readTable(store, domain, name, size));
    } catch (error) {
      problems.push(failureOf(error, { code: 'PACK_DAMAGED', origin: 'repository' }));
    }
  }
  return { ...fill([...found.values()], orphans), problems };
}

function packsPresent(listed: readonly Map<string, Listed>[], use: 'write' | 'read'): Map<string, number> {
  const present = new Map<string, number>();
  for (const objects of listed) {
    for (const { key, size } of objects.values()) {
      const everywhere = listed.every((other) => other.get(key)?.size === size);
      if (use === 'read' || everywhere) present.set(key.slice(key.lastIndexOf('/') + 1), size);
    }
  }
  return present;
}

async function readTable(store: Store, domain: DomainKeys, name: string, size: number): Promise<KnownPack> {
  const key = packKey(domain.id, name);
  const trailer = await store.get(key, { offset: Math.max(0, size - TRAILER_BYTES), length: TRAILER_BYTES });
  const end = parseTrailer(trailer, key);
  const sealed = await store.get(key, { offset: end.tableOffset, length: end.tableLength });
  const table = openTable(domain.indexKey, Buffer.from(domain.id, 'hex'), end, sealed, key);
  return { name, size, table };
}

function fill(known: readonly KnownPack[], orphans: readonly KnownPack[]): Omit<LoadedIndex, 'problems'> {
  const all = [...known, ...orphans];
  const index = ChunkIndex.create(all.reduce((sum, pack) => sum + pack.table.lengths.length, 0));
  const packs = new PackList();
  const adopted: number[] = [];
  all.forEach((pack, i) => {
    const number = index.nextPack();
    packs.set(number, pack);
    if (i >= known.length) adopted.push(number);
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
