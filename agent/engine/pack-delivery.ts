import { encodeFragment } from '../repository/fragment.ts';
import type { DomainKeys } from '../repository/keys/domain.ts';
import { indexKey, packKey } from '../repository/layout.ts';
import type { PackList } from '../repository/pack-list.ts';
import { decodeTable } from '../repository/table.ts';
import type { SealedPack } from '../workers/messages.ts';

const FLUSH_EVERY_MS = 60_000;
const FLUSH_EVERY_PACKS = 256;
/** Tables of packs full of tiny files are megabytes each; a fragment is one object and read whole. */
const FRAGMENT_BYTES = 16 * 1024 * 1024;

export interface PackDeliveryOptions {
  readonly store: { put(key: string, body: Uint8Array, sha256?: string): Promise<unknown> };
  readonly domain: DomainKeys;
  readonly packs: PackList;
  /** Packs that earlier runs stored and no fragment names. */
  readonly adopted: readonly number[];
}

/**
 * Takes sealed packs to every target, and names them in index fragments: at the latest a minute after they were stored, so that
 * the work of a killed run is found again quickly, and always before the snapshot.
 */
export class PackDelivery {
  readonly #o: PackDeliveryOptions;
  #unnamed: NamedTable[] = [];
  #unnamedBytes = 0;
  #lastFlush = performance.now();
  #flushing: Promise<void> = Promise.resolve();
  bytes = 0;
  count = 0;
  busyMs = 0;
  /** Keys of the fragments that were written. */
  readonly fragments: string[] = [];

  constructor(options: PackDeliveryOptions) {
    this.#o = options;
  }

  async store(sealed: SealedPack): Promise<void> {
    const { store, domain, packs } = this.#o;
    const startedAt = performance.now();
    await store.put(packKey(domain.id, sealed.name), sealed.bytes, sealed.name);
    this.busyMs += performance.now() - startedAt;
    this.bytes += sealed.bytes.length;
    this.count++;
    packs.set(sealed.pack, { name: sealed.name, size: sealed.bytes.length, table: decodeTable(sealed.table) });
    this.#unnamed.push({ name: sealed.name, size: sealed.bytes.length, table: sealed.table });
    this.#unnamedBytes += sealed.table.length;
    if (this.#isDue()) await this.flush();
  }

  /** Writes a fragment for every pack that has none yet. */
  async flush(): Promise<void> {
    const before = this.#flushing;
    this.#flushing = (async () => {
      await before;
      await this.#flushNow();
    })();
    return this.#flushing;
  }

  /** Puts packs that a killed run left unnamed into this run's first fragment. */
  adopt(encode: (pack: number) => NamedTable): void {
    for (const number of this.#o.adopted) this.name(encode(number));
  }

  /** Has a pack that is stored already named by the next fragment. */
  name(pack: NamedTable): void {
    this.#unnamed.push(pack);
    this.#unnamedBytes += pack.table.length;
  }

  #isDue(): boolean {
    const late = performance.now() - this.#lastFlush > FLUSH_EVERY_MS;
    return late || this.#unnamed.length >= FLUSH_EVERY_PACKS || this.#unnamedBytes >= FRAGMENT_BYTES;
  }

  async #flushNow(): Promise<void> {
    this.#lastFlush = performance.now();
    while (this.#unnamed.length > 0) {
      const packs = oneFragment(this.#unnamed);
      const { store, domain } = this.#o;
      const fragment = encodeFragment({
        domain: Buffer.from(domain.id, 'hex'),
        indexKey: domain.indexKey,
        packs,
      });
      const key = indexKey(domain.id, fragment.name);
      await store.put(key, fragment.bytes, fragment.name);
      this.fragments.push(key);
      this.bytes += fragment.bytes.length;
      this.#unnamed.splice(0, packs.length);
      this.#unnamedBytes -= tableBytes(packs);
    }
  }
}

export interface NamedTable {
  readonly name: string;
  readonly size: number;
  readonly table: Uint8Array;
}

/** The first of these, as many as one fragment may name; at least one. */
function oneFragment(packs: readonly NamedTable[]): readonly NamedTable[] {
  let bytes = 0;
  const over = packs.findIndex(({ table }, i) => {
    bytes += table.length;
    return i > 0 && bytes > FRAGMENT_BYTES;
  });
  return packs.slice(0, Math.min(over < 0 ? packs.length : over, FLUSH_EVERY_PACKS));
}

function tableBytes(packs: readonly NamedTable[]): number {
  return packs.reduce((sum, { table }) => sum + table.length, 0);
}
