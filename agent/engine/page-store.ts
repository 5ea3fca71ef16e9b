import type { WorkerSession } from '../workers/session.ts';
import { REF_BYTES } from './chunk-lists.ts';
import type { UsedSlots } from './used-slots.ts';

/** Pages are sent to a worker once they are this much together; bytes. */
const SEND_BYTES = 1024 * 1024;

/** A page as the snapshot names it. `first` is the path of its first entry, or the offset of its first byte (u64, big endian). */
export interface StoredPage {
  readonly id: Uint8Array;
  readonly length: number;
  readonly first: Uint8Array;
}

/** Stores pages as chunks, each page one chunk, and remembers them in order. */
export class PageStore {
  readonly #o: { session: WorkerSession; artifact: number; used: UsedSlots };
  readonly #sent: Promise<StoredPage[]>[] = [];
  #waiting: { bytes: Uint8Array; first: Uint8Array }[] = [];
  #waitingBytes = 0;

  constructor(o: { session: WorkerSession; artifact: number; used: UsedSlots }) {
    this.#o = o;
  }

  /** Enough waits to be sent. */
  get full(): boolean {
    return this.#waitingBytes >= SEND_BYTES;
  }

  add(page: { bytes: Uint8Array; first: Uint8Array }): void {
    this.#waiting.push(page);
    this.#waitingBytes += page.bytes.length;
  }

  async send(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const pages = this.#waiting;
    this.#waiting = [];
    const data = new Uint8Array(this.#waitingBytes);
    this.#waitingBytes = 0;
    let at = 0;
    for (const { bytes } of pages) {
      data.set(bytes, at);
      at += bytes.length;
    }
    const { session, artifact, used } = this.#o;
    await session.room();
    const lengths = Uint32Array.from(pages, ({ bytes }) => bytes.length);
    const stored = session
      .send({ kind: 'chunks', artifact, group: 'page', data, lengths }, [data.buffer])
      .then(({ stored: { refs, slots } }) => {
        used.addAll(slots);
        return pages.map(({ first, bytes }, i) => ({
          id: refs.slice(i * REF_BYTES, i * REF_BYTES + 32),
          length: bytes.length,
          first,
        }));
      });
    // A failure is seen in `finish`; until then it must not count as unhandled.
    stored.catch(() => {});
    this.#sent.push(stored);
  }

  async finish(): Promise<StoredPage[]> {
    await this.send();
    return (await Promise.all(this.#sent)).flat();
  }
}
