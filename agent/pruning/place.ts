import { fail } from '../contract/index.ts';
import type { ChunkIndex } from '../repository/chunk-index.ts';
import { ID_BYTES } from '../repository/frame.ts';
import { loadIndex } from '../repository/index-loading.ts';
import type { DomainKeys } from '../repository/keys/domain.ts';
import type { HostKeys } from '../repository/keys/host-keys.ts';
import { framesByBirth } from '../repository/missing-frames.ts';
import type { KnownPack } from '../repository/pack-list.ts';
import { type NamedTarget, onTarget, Store } from '../repository/store.ts';
import type { StoredLast } from '../repository/stored-last.ts';
import type { Writers } from '../repository/writers.ts';
import type { Frames } from './live.ts';

/** One domain on one target, where it is pruned. */
export interface PrunedPlace {
  readonly target: NamedTarget;
  /** All targets that can be had. */
  readonly store: Store;
  /** Whether those are all that the policy names. */
  readonly all: boolean;
  readonly writers: Writers;
  readonly host: HostKeys;
  readonly keys: DomainKeys;
  readonly stateFolder: string;
  /** What this host stored last, as it remembers it. */
  readonly stored: readonly StoredLast[];
  readonly signal: AbortSignal;
  /** Ids of sessions that count as ended, where nothing is changed and it is only said what would be. */
  readonly presumedEnded?: ReadonlySet<string>;
  /** Keys that a plan makes void on all targets already, so that it names none twice. */
  readonly planned: Set<string>;
}

/** The packs of a place. */
export interface Packs {
  readonly all: readonly KnownPack[];
  /**
   * Packs that are needed as they are: of a frame that some snapshot needs and that is gone, the chunks lie in them as well, so that it
   * restores by them.
   */
  readonly instead: ReadonlySet<KnownPack>;
  /** Frames that are needed, and that no pack has. */
  readonly missing: number;
}

/** `marked`: names of packs that come last, since they are to go. */
export async function loadPacks(
  { target, keys }: PrunedPlace,
  live: Frames,
  marked: ReadonlySet<string>,
): Promise<Packs> {
  const { packs, absent, index } = await loadIndex(new Store([target]), keys, 'read');
  const known = [...packs].map(([, pack]) => pack);
  const last = (pack: KnownPack) => (marked.has(pack.name) ? 1 : 0);
  const all = known.toSorted((a, b) => last(a) - last(b) || (a.name < b.name ? -1 : 1));
  const here = framesByBirth(packs);
  let missing = 0;
  const lacking: Frames = new Map();
  for (const [birth, ordinals] of live) {
    for (const ordinal of ordinals) {
      if (here.get(birth)?.has(ordinal)) continue;
      missing++;
      lacking.set(birth, (lacking.get(birth) ?? new Set()).add(ordinal));
    }
  }
  const instead = new Set<KnownPack>();
  for (const pack of absent) {
    for (const slot of chunksOf(pack, lacking, index)) {
      const number = index.packOf(slot);
      const found = packs.get(number);
      if (found !== undefined) instead.add(found);
    }
  }
  return { all, instead, missing };
}

/** Slots of the chunks in those frames of an absent pack that are lacking. */
function chunksOf({ table }: KnownPack, lacking: Frames, index: ChunkIndex): number[] {
  if (lacking.size === 0) return [];
  return table.frames.flatMap(({ birth, ordinal, firstChunk, chunkCount }) => {
    const salt = table.births[birth]?.salt;
    if (salt === undefined || !lacking.get(Buffer.from(salt).toString('latin1'))?.has(ordinal)) return [];
    const slots = Array.from({ length: chunkCount }, (_, i) => index.find(table.ids, (firstChunk + i) * ID_BYTES));
    return slots.filter((slot) => slot >= 0);
  });
}

/** Removes objects one after the other; `TARGET_DENIED` where the target cannot. */
export async function removeObjects(
  { target, signal }: Pick<PrunedPlace, 'target' | 'signal'>,
  keys: Iterable<string>,
  onRemoved: () => void = () => {},
): Promise<void> {
  for (const key of keys) {
    signal.throwIfAborted();
    if (target.target.delete === undefined)
      fail({
        code: 'TARGET_DENIED',
        message: `target ${target.name} has no way to delete`,
        origin: 'target',
        permanent: true,
        hint: 'prune where a credential that may delete is at hand',
      });
    try {
      await target.target.delete(key);
    } catch (error) {
      fail(onTarget(target.name, error), error);
    }
    onRemoved();
  }
}
