import { birthName } from '../repository/missing-frames.ts';
import type { KnownPack } from '../repository/pack-list.ts';
import type { Frames } from './live.ts';

/** How much of a pack is needed. Bytes are those of frames. */
export interface PackUse {
  readonly pack: KnownPack;
  /** Indexes in its table of the frames that count here: needed, and not counted in another pack. */
  readonly live: readonly number[];
  readonly liveBytes: number;
  readonly deadBytes: number;
}

export interface PackChoice {
  /** At most so much of what stays may be needed by nothing, from 0 to 1. */
  readonly maxUnused: number;
  /** Whether of a pack that nothing needs it is known that something once did: others may be of a run that goes on. */
  readonly isGarbage: (pack: KnownPack) => boolean;
}

/** What is to become of the packs of a domain on a target. */
export interface PackPlan {
  /** Nothing needs anything in them. */
  readonly unused: readonly PackUse[];
  /** What is needed of them goes to new packs, then they go. */
  readonly repack: readonly PackUse[];
  readonly keep: readonly PackUse[];
  /** Needed by nothing, and left where they are: what a run stores has no snapshot yet. */
  readonly unclaimed: readonly PackUse[];
}

/** Packs smaller than this are put together when there are several: each costs a request wherever it is read. */
const SMALL_BYTES = 4 * 1024 * 1024;
const SMALL_PACKS = 8;

/** Of each pack what is needed. A frame that lies in several counts in the first; `packs` therefore come as they are preferred. */
export function usesOf(packs: readonly KnownPack[], live: Frames, whole: ReadonlySet<KnownPack>): PackUse[] {
  const counted = new Map<string, Set<number>>();
  return packs.map((pack) => {
    const births = pack.table.births.map(({ salt }) => birthName(salt));
    const frames: number[] = [];
    let [liveBytes, deadBytes] = [0, 0];
    pack.table.frames.forEach(({ birth, ordinal, sealedLength }, i) => {
      const name = births[birth] ?? '';
      const seen = counted.get(name) ?? new Set();
      const needed = whole.has(pack) || (live.get(name)?.has(ordinal) === true && !seen.has(ordinal));
      if (!needed) {
        deadBytes += sealedLength;
        return;
      }
      counted.set(name, seen.add(ordinal));
      frames.push(i);
      liveBytes += sealedLength;
    });
    return { pack, live: frames, liveBytes, deadBytes };
  });
}

/**
 * Chooses what goes: all that nothing needs, and of the packs that are needed in part the worst ones, until little enough of what
 * stays is unused; small packs are put together. Pure: the same packs come to the same plan.
 */
export function planPacks(uses: readonly PackUse[], { maxUnused, isGarbage }: PackChoice): PackPlan {
  const idle = uses.filter(({ live }) => live.length === 0);
  const needed = uses.filter(({ live }) => live.length > 0);
  const liveBytes = needed.reduce((sum, use) => sum + use.liveBytes, 0);
  let deadBytes = needed.reduce((sum, use) => sum + use.deadBytes, 0);
  const repack = new Set<PackUse>();
  const worstFirst = needed
    .filter((use) => use.deadBytes > 0)
    .toSorted((a, b) => share(b) - share(a) || (a.pack.name < b.pack.name ? -1 : 1));
  for (const use of worstFirst) {
    if (deadBytes <= maxUnused * (liveBytes + deadBytes)) break;
    repack.add(use);
    deadBytes -= use.deadBytes;
  }
  const small = needed.filter((use) => !repack.has(use) && use.pack.size < SMALL_BYTES);
  if (small.length >= SMALL_PACKS) for (const use of small) repack.add(use);
  return {
    unused: idle.filter(({ pack }) => isGarbage(pack)),
    unclaimed: idle.filter(({ pack }) => !isGarbage(pack)),
    repack: needed.filter((use) => repack.has(use)),
    keep: needed.filter((use) => !repack.has(use)),
  };
}

function share({ liveBytes, deadBytes }: PackUse): number {
  return deadBytes / (liveBytes + deadBytes);
}
