import { packPrefix } from './layout.ts';
import type { PackTable } from './pack.ts';
import type { Store } from './store.ts';

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

/** What a target lists of the packs of a domain: names, and sizes in bytes. */
export async function packSizes(alone: Store, domain: { readonly id: string }): Promise<Map<string, number>> {
  const [listed] = await alone.list(packPrefix(domain.id));
  const sizes = new Map<string, number>();
  for (const { key, size } of listed?.values() ?? []) sizes.set(key.slice(key.lastIndexOf('/') + 1), size);
  return sizes;
}
