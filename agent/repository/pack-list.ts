import type { PackTable } from './pack.ts';

export interface KnownPack {
  /** SHA-256 of the pack's bytes, hex. */
  readonly name: string;
  readonly size: number;
  readonly table: PackTable;
}

/** Packs by the number that the chunk index uses for them. */
export class PackList {
  readonly #packs: (KnownPack | undefined)[] = [];

  set(number: number, pack: KnownPack): void {
    this.#packs[number] = pack;
  }

  get(number: number): KnownPack | undefined {
    return this.#packs[number];
  }

  *[Symbol.iterator](): IterableIterator<[number, KnownPack]> {
    for (let number = 0; number < this.#packs.length; number++) {
      const pack = this.#packs[number];
      if (pack !== undefined) yield [number, pack];
    }
  }
}
