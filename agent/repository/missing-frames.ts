import type { ChunkIndex } from './chunk-index.ts';
import type { KnownPack, PackList } from './pack-list.ts';
import type { References } from './snapshot.ts';

/** Frames by the name that references use: the salt of the birth, then the ordinal. */
export type FrameNames = ReadonlyMap<string, { has(ordinal: number): boolean }>;

/** How many of the frames that a snapshot refers to lie in none of the packs. Those `replaced` are not missed. */
export function missingFrames(references: References, packs: PackList, replaced: FrameNames): number {
  const present = framesByBirth(packs);
  let missing = 0;
  for (const { salt, ordinals } of references.births) {
    const [frames, others] = [present.get(birthName(salt)), replaced.get(birthName(salt))];
    for (const ordinal of ordinals) if (!frames?.has(ordinal) && !others?.has(ordinal)) missing++;
  }
  return missing;
}

/** The packs that hold the frames that a snapshot refers to, and how many of those lie in none; `frames` as {@link framesByBirth} has them. */
export function packsNeeded(
  { births }: References,
  frames: ReturnType<typeof framesByBirth>,
): { readonly needed: ReadonlySet<KnownPack>; readonly missing: number } {
  const needed = new Set<KnownPack>();
  let missing = 0;
  for (const { salt, ordinals } of births) {
    const present = frames.get(birthName(salt));
    for (const ordinal of ordinals) {
      const found = present?.get(ordinal);
      if (found === undefined) missing++;
      else needed.add(found.pack);
    }
  }
  return { needed, missing };
}

/**
 * Frames of packs that are gone, all of whose chunks lie in other packs as well: they were stored anew since. Chunks are found by
 * their ids, so whatever needs such a frame restores.
 */
export function replacedFrames({ absent, index }: { absent: readonly KnownPack[]; index: ChunkIndex }): FrameNames {
  const replaced = new Map<string, Set<number>>();
  for (const { table } of absent) {
    for (const { birth, ordinal, firstChunk, chunkCount } of table.frames) {
      const salt = table.births[birth]?.salt;
      if (salt === undefined) continue;
      let found = 0;
      while (found < chunkCount && index.find(table.ids, (firstChunk + found) * 32) >= 0) found++;
      if (found < chunkCount) continue;
      const name = birthName(salt);
      replaced.set(name, (replaced.get(name) ?? new Set()).add(ordinal));
    }
  }
  return replaced;
}

/** Where each frame lies, by the name that references use: birth, then ordinal. */
export function framesByBirth(packs: PackList): Map<string, Map<number, { pack: KnownPack; frame: number }>> {
  const births = new Map<string, Map<number, { pack: KnownPack; frame: number }>>();
  for (const [, pack] of packs) {
    pack.table.frames.forEach(({ birth, ordinal }, frame) => {
      const salt = pack.table.births[birth]?.salt;
      if (salt === undefined) return;
      const name = birthName(salt);
      let frames = births.get(name);
      if (frames === undefined) {
        frames = new Map();
        births.set(name, frames);
      }
      if (!frames.has(ordinal)) frames.set(ordinal, { pack, frame });
    });
  }
  return births;
}

export function birthName(salt: Uint8Array): string {
  return Buffer.from(salt).toString('latin1');
}
