/** Pages are at most 1 MiB; bytes. */
const CAPACITY = 8 * 1024 * 1024;

/** The plaintext of pages that were read last, by id: whoever looks up one path after another finds most of them side by side. */
export class PageCache {
  readonly #pages = new Map<string, Uint8Array>();
  #bytes = 0;
  /** How many were kept: how many were not there when they were asked for. */
  opened = 0;

  get(id: Uint8Array): Uint8Array | undefined {
    const name = nameOf(id);
    const page = this.#pages.get(name);
    if (page === undefined) return undefined;
    // What was used last is last in the map.
    this.#pages.delete(name);
    this.#pages.set(name, page);
    return page;
  }

  /** Keeps a copy. */
  keep(id: Uint8Array, page: Uint8Array): void {
    const name = nameOf(id);
    if (this.#pages.has(name)) return;
    this.#pages.set(name, page.slice());
    this.opened++;
    this.#bytes += page.length;
    for (const [oldest, { length }] of this.#pages) {
      if (this.#bytes <= CAPACITY) break;
      this.#pages.delete(oldest);
      this.#bytes -= length;
    }
  }
}

function nameOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('latin1');
}
