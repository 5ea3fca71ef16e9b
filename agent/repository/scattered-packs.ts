import type { Listed } from '../contract/index.ts';
import { packKey } from './layout.ts';
import { birthName } from './missing-frames.ts';
import type { KnownPack } from './pack-list.ts';

/**
 * Packs that not every target has, as far as their frames lie on every target in whatever pack: each target is pruned by itself, and
 * what is left of old packs is moved to new ones there, under other names.
 *
 * @param listed - the packs of the domain on each target, by key
 * @param some - packs that not every target has
 */
export function scatteredPacks(
  listed: readonly ReadonlyMap<string, Listed>[],
  domain: string,
  some: readonly KnownPack[],
): KnownPack[] {
  if (listed.length < 2) return [];
  const holders = new Map(some.map((pack) => [pack, holdersOf(listed, domain, pack)]));
  const covered = new Map<string, Set<number>>();
  for (const pack of some) {
    for (const frame of frameNames(pack)) {
      const targets = covered.get(frame) ?? new Set();
      for (const target of holders.get(pack) ?? []) targets.add(target);
      covered.set(frame, targets);
    }
  }
  return some.flatMap((pack) => {
    if (holders.get(pack)?.length === 0) return [];
    const names = frameNames(pack);
    const frames = pack.table.frames.filter((_, i) => covered.get(names[i] ?? '')?.size === listed.length);
    return frames.length === 0 ? [] : [{ ...pack, table: { ...pack.table, frames } }];
  });
}

/** The targets that have a pack at its full size, by their places in `listed`. */
export function holdersOf(
  listed: readonly ReadonlyMap<string, Listed>[],
  domain: string,
  { name, size }: KnownPack,
): number[] {
  const key = packKey(domain, name);
  return listed.flatMap((objects, i) => (objects.get(key)?.size === size ? [i] : []));
}

function frameNames({ table }: KnownPack): string[] {
  const births = table.births.map(({ salt }) => birthName(salt));
  return table.frames.map(({ birth, ordinal }) => `${births[birth]} ${ordinal}`);
}
