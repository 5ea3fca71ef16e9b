import { fail } from '../contract/index.ts';
import type { ChunkIndex } from '../repository/chunk-index.ts';
import type { PackList } from '../repository/pack-list.ts';
import type { References } from '../repository/references.ts';

/** The slots of all chunks that a snapshot uses: a bit each. */
export class UsedSlots {
  #bits = new Uint32Array(1 << 12);

  add(slot: number): void {
    const at = slot >>> 5;
    if (at >= this.#bits.length) this.#grow(at);
    this.#bits[at] = (this.#bits[at] as number) | (1 << (slot & 31));
  }

  addAll(slots: Uint32Array): void {
    for (const slot of slots) this.add(slot);
  }

  *[Symbol.iterator](): IterableIterator<number> {
    for (let at = 0; at < this.#bits.length; at++) {
      let bits = this.#bits[at] as number;
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits & -bits);
        yield at * 32 + bit;
        bits &= bits - 1;
      }
    }
  }

  #grow(at: number): void {
    let length = this.#bits.length;
    while (length <= at) length *= 2;
    const bits = new Uint32Array(length);
    bits.set(this.#bits);
    this.#bits = bits;
  }
}

/**
 * The frames that hold the used chunks, named as the format names them: by the birth of their pack and their ordinal there.
 * Every used chunk must lie in a pack that is stored; one that does not would be a snapshot that cannot be restored.
 */
export function referencesTo(used: UsedSlots, index: ChunkIndex, packs: PackList): References {
  const births = new Map<string, { salt: Uint8Array; ordinals: Set<number> }>();
  for (const slot of used) {
    const table = packs.get(index.packOf(slot))?.table;
    const frame = table?.frames[index.frameOf(slot)];
    const birth = frame === undefined ? undefined : table?.births[frame.birth];
    if (frame === undefined || birth === undefined) {
      return fail({
        code: 'CLAIM_LOST',
        message: 'a chunk of this run lies in no stored pack; no snapshot was made',
        origin: 'agent',
        permanent: false,
        hint: 'run the job again; if it happens again, please report it',
      });
    }
    const name = Buffer.from(birth.salt).toString('latin1');
    let entry = births.get(name);
    if (entry === undefined) {
      entry = { salt: birth.salt, ordinals: new Set() };
      births.set(name, entry);
    }
    entry.ordinals.add(frame.ordinal);
  }
  return {
    births: [...births.values()].map(({ salt, ordinals }) => ({ salt, ordinals: Uint32Array.from(ordinals).sort() })),
  };
}
