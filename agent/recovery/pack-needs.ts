import type { DomainKeys } from '../repository/keys/domain.ts';
import { birthName, type FrameNames } from '../repository/missing-frames.ts';
import type { KnownPack } from '../repository/pack-list.ts';
import type { StoredSnapshot } from '../repository/snapshots.ts';

/**
 * Which snapshots need which packs and frames. Known of the domains whose index key was there: a host has those of its own, whoever
 * can decrypt has all.
 */
export class PackNeeds {
  readonly #packs = new Map<string, KnownPack>();
  readonly #domains = new Map<
    string,
    { readonly indexKey: Uint8Array; readonly snapshots: readonly StoredSnapshot[] }
  >();
  /** The ids of the snapshots that need a frame, by the salt of its birth and its ordinal; made when damage is first met. */
  #frames: Map<string, Map<number, string[]>> | undefined;

  learn(domain: DomainKeys, snapshots: readonly StoredSnapshot[], packs: Iterable<KnownPack>): void {
    if (!this.#domains.has(domain.id)) this.#frames = undefined;
    this.#domains.set(domain.id, { indexKey: domain.indexKey, snapshots });
    for (const pack of packs) if (!this.#packs.has(pack.name)) this.#packs.set(pack.name, pack);
  }

  /**
   * Ids of the snapshots that need any frame of a pack, by the pack's name, but those `replaced`; of one that no index ever named,
   * none.
   */
  ofPack(name: string, replaced?: FrameNames): string[] {
    const pack = this.#packs.get(name);
    const ids = new Set<string>();
    pack?.table.frames.forEach(({ birth, ordinal }, frame) => {
      const salt = pack.table.births[birth]?.salt;
      if (salt !== undefined && replaced?.get(birthName(salt))?.has(ordinal)) return;
      for (const id of this.ofFrame(pack, frame)) ids.add(id);
    });
    return [...ids];
  }

  ofFrame({ table }: KnownPack, number: number): readonly string[] {
    const frame = table.frames[number];
    const salt = frame && table.births[frame.birth]?.salt;
    if (frame === undefined || salt === undefined) return [];
    this.#frames ??= this.#index();
    return this.#frames.get(birthName(salt))?.get(frame.ordinal) ?? [];
  }

  #index(): Map<string, Map<number, string[]>> {
    const frames = new Map<string, Map<number, string[]>>();
    for (const { indexKey, snapshots } of this.#domains.values()) {
      for (const { id, opened } of snapshots) {
        for (const { salt, ordinals } of referencesOf(opened, indexKey)) {
          const name = birthName(salt);
          const known = frames.get(name) ?? new Map<number, string[]>();
          frames.set(name, known);
          for (const ordinal of ordinals) {
            const ids = known.get(ordinal);
            if (ids === undefined) known.set(ordinal, [id]);
            else ids.push(id);
          }
        }
      }
    }
    return frames;
  }
}

function referencesOf(opened: StoredSnapshot['opened'], indexKey: Uint8Array) {
  try {
    return opened.references(indexKey).births;
  } catch {
    // A finding of its own: nobody knows what this snapshot needs.
    return [];
  }
}
