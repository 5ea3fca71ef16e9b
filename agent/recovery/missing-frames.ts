import type { KnownPack, PackList } from '../repository/pack-list.ts';
import type { References } from '../repository/snapshot.ts';

/** How many of the frames that a snapshot refers to lie in none of the packs. */
export function missingFrames(references: References, packs: PackList): number {
  const present = framesByBirth(packs);
  let missing = 0;
  for (const { salt, ordinals } of references.births) {
    const frames = present.get(birthName(salt));
    for (const ordinal of ordinals) if (!frames?.has(ordinal)) missing++;
  }
  return missing;
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
