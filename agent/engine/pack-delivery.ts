import type { ChunkIndex } from '../repository/chunk-index.ts';
import { encodeFragment } from '../repository/fragment.ts';
import type { DomainKeys } from '../repository/keys/domain.ts';
import { indexKey, packKey } from '../repository/layout.ts';
import type { PackList } from '../repository/pack-list.ts';
import type { Store } from '../repository/store.ts';
import { decodeTable } from '../repository/table.ts';
import type { SealedPack } from '../workers/messages.ts';

const FLUSH_EVERY_MS = 60_000;
const FLUSH_EVERY_PACKS = 256;

export interface PackDeliveryOptions {
  readonly store: Store;
  readonly domain: DomainKeys;
  readonly packs: PackList;
  readonly index: ChunkIndex;
  /** Packs that earlier runs stored and no fragment names. */
  readonly adopted: readonly number[];
}

/**
 * Takes sealed packs to every target, and names them in index fragments: at the latest a minute after they were stored, so that
 * the work of a killed run is found again quickly, and always before the snapshot.
 */
export class PackDelivery {
  readonly #o: PackDeliveryOptions;
  #unnamed: { name: string; size: number; table: Uint8Array }[] = [];
  #lastFlush = performance.now();
  #flushing: Promise<void> = Promise.resolve();
  bytes = 0;
  count = 0;
  busyMs = 0;

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
    const due = performance.now() - this.#lastFlush > FLUSH_EVERY_MS || this.#unnamed.length >= FLUSH_EVERY_PACKS;
    if (due) await this.flush();
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
  adopt(encode: (pack: number) => { name: string; size: number; table: Uint8Array }): void {
    for (const pack of this.#o.adopted) this.#unnamed.push(encode(pack));
  }

  async #flushNow(): Promise<void> {
    this.#lastFlush = performance.now();
    while (this.#unnamed.length > 0) {
      const packs = this.#unnamed.slice(0, FLUSH_EVERY_PACKS);
      const { store, domain } = this.#o;
      const fragment = encodeFragment({
        domain: Buffer.from(domain.id, 'hex'),
        indexKey: domain.indexKey,
        packs,
      });
      await store.put(indexKey(domain.id, fragment.name), fragment.bytes, fragment.name);
      this.bytes += fragment.bytes.length;
      this.#unnamed.splice(0, packs.length);
    }
  }
}
