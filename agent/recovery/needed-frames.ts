import { framesByBirth } from '../repository/missing-frames.ts';
import type { KnownPack, PackList } from '../repository/pack-list.ts';
import type { References } from '../repository/references.ts';
import type { PackFrames } from './check-frames.ts';

/** Finds the frames that snapshots need, each once, however many of them do. */
export class NeededFrames {
  readonly #places: ReturnType<typeof framesByBirth>;
  readonly #taken = new Set<string>();

  constructor(packs: PackList, taken = new Set<string>()) {
    this.#places = framesByBirth(packs);
    this.#taken = taken;
  }

  /** Frames that were not taken before, by pack; and the births and ordinals that lie in no pack. */
  take({ births }: References): { work: PackFrames[]; absent: { birth: string; ordinal: number }[] } {
    const byPack = new Map<KnownPack, Set<number>>();
    const absent: { birth: string; ordinal: number }[] = [];
    for (const { salt, ordinals } of births) {
      const birth = Buffer.from(salt).toString('latin1');
      for (const ordinal of ordinals) {
        const place = this.#places.get(birth)?.get(ordinal);
        if (place === undefined) absent.push({ birth, ordinal });
        else if (!this.#taken.has(`${birth}${ordinal}`)) {
          this.#taken.add(`${birth}${ordinal}`);
          byPack.set(place.pack, (byPack.get(place.pack) ?? new Set()).add(place.frame));
        }
      }
    }
    return { work: [...byPack].map(([pack, frames]) => ({ pack, frames })), absent };
  }
}
