import { fail } from '../contract/index.ts';
import type { ChunkIndex } from '../repository/chunk-index.ts';
import { openBirth } from '../repository/frame.ts';
import type { DomainKeys } from '../repository/keys/domain.ts';
import { packKey } from '../repository/layout.ts';
import type { KnownPack, PackList } from '../repository/pack-list.ts';
import type { ObjectProblem, Store } from '../repository/store.ts';
import type { FrameToOpen, Piece } from '../workers/messages.ts';
import type { EpochKeys } from './epoch-keys.ts';
import { failMissing } from './missing-chunk.ts';
import type { Patience } from './patience.ts';

export const REF_BYTES = 36;
/** Frames of one pack that lie no further apart are read in one go; bytes. */
const GAP_BYTES = 256 * 1024;

export interface FrameSourceOptions {
  readonly store: Store;
  readonly domain: DomainKeys;
  readonly epochs: EpochKeys;
  readonly index: ChunkIndex;
  readonly packs: PackList;
  readonly patience: Patience;
  /** What could not be read of all that says where chunks lie. */
  readonly passedOver?: readonly ObjectProblem[];
}

/** Sealed frames and where in their plaintext the wanted chunks lie, in the order they were asked for. */
export interface Loaded {
  readonly frames: readonly FrameToOpen[];
  readonly pieces: readonly Piece[];
  /** Bytes read from the store. */
  readonly bytes: number;
  /** The buffers behind the sealed frames, to be transferred with them. */
  readonly transfer: readonly ArrayBuffer[];
}

interface Wanted {
  readonly pack: KnownPack;
  readonly frame: number;
}

/** Finds the frames that hold chunks, reads them from the store grouped by pack, and adds the keys that open them. */
export class FrameSource {
  readonly #o: FrameSourceOptions;
  readonly #frameKeys = new Map<string, Promise<Uint8Array>>();

  constructor(options: FrameSourceOptions) {
    this.#o = options;
  }

  /** `refs`: n × 36 bytes. `CHUNK_MISSING` when the repository has no such chunk, and a target's failure when that is not known. */
  async load(refs: Uint8Array): Promise<Loaded> {
    const { index, packs } = this.#o;
    const wanted: Wanted[] = [];
    const numbers = new Map<string, number>();
    const pieces: Piece[] = [];
    const view = new DataView(refs.buffer, refs.byteOffset, refs.byteLength);
    for (let at = 0; at < refs.length; at += REF_BYTES) {
      const slot = index.find(refs, at);
      const pack = slot < 0 ? undefined : packs.get(index.packOf(slot));
      const length = view.getUint32(at + 32, true);
      if (pack === undefined || index.lengthOf(slot) !== length)
        failMissing(refs.subarray(at, at + 32), this.#o.passedOver ?? []);
      const frame = index.frameOf(slot);
      const name = `${pack.name}/${frame}`;
      let number = numbers.get(name);
      if (number === undefined) {
        number = wanted.push({ pack, frame }) - 1;
        numbers.set(name, number);
      }
      pieces.push({ frame: number, offset: index.offsetOf(slot), length });
    }
    return { ...(await this.#read(wanted)), pieces };
  }

  /**
   * The frame that holds the chunk at `refs[at]`, how many bytes it is, sealed and plain together, and how many plain; undefined when
   * there is no such chunk.
   */
  weightOf(refs: Uint8Array, at: number): { frame: string; bytes: number; plain: number } | undefined {
    const { index, packs } = this.#o;
    const slot = index.find(refs, at);
    const pack = slot < 0 ? undefined : packs.get(index.packOf(slot));
    const number = slot < 0 ? -1 : index.frameOf(slot);
    const frame = pack?.table.frames[number];
    if (pack === undefined || frame === undefined) return undefined;
    const { sealedLength, plainLength } = frame;
    return { frame: `${pack.name}/${number}`, bytes: sealedLength + plainLength, plain: plainLength };
  }

  /** All frames of a pack, for checking it. */
  async loadPack(pack: KnownPack, only?: ReadonlySet<number>): Promise<Loaded> {
    const wanted = pack.table.frames.flatMap((_, frame) =>
      only === undefined || only.has(frame) ? [{ pack, frame }] : [],
    );
    return { ...(await this.#read(wanted)), pieces: [] };
  }

  async #read(wanted: readonly Wanted[]): Promise<Omit<Loaded, 'pieces'>> {
    // Before anything is read: what no key opens is not read in vain.
    for (const one of wanted) await this.#frameKey(birthOf(one));
    const order = wanted.map((_, i) => i).sort((a, b) => compare(wanted[a] as Wanted, wanted[b] as Wanted));
    const frames: FrameToOpen[] = [];
    const transfer: ArrayBuffer[] = [];
    let bytes = 0;
    for (let i = 0; i < order.length; ) {
      const first = wanted[order[i] as number] as Wanted;
      let end = endOf(first);
      let last = i;
      for (let next = i + 1; next < order.length; next++) {
        const candidate = wanted[order[next] as number] as Wanted;
        if (candidate.pack !== first.pack || offsetOf(candidate) - end > GAP_BYTES) break;
        end = Math.max(end, endOf(candidate));
        last = next;
      }
      const start = offsetOf(first);
      const key = packKey(this.#o.domain.id, first.pack.name);
      const read = (bytes: Uint8Array) => (bytes.length === end - start ? owned(bytes) : cutShort(key));
      const { store, patience } = this.#o;
      const range = await patience.read(() => store.read(key, { offset: start, length: end - start }, read));
      transfer.push(range.buffer);
      bytes += range.length;
      for (; i <= last; i++) {
        const number = order[i] as number;
        frames[number] = await this.#frame(wanted[number] as Wanted, range, start, key);
      }
    }
    return { frames, bytes, transfer };
  }

  async #frame({ pack, frame }: Wanted, range: Uint8Array, start: number, key: string): Promise<FrameToOpen> {
    const { frames, ids, lengths } = pack.table;
    const entry = frames[frame] as (typeof frames)[number];
    const birth = birthOf({ pack, frame });
    const at = entry.offset - start;
    const [from, to] = [entry.firstChunk, entry.firstChunk + entry.chunkCount];
    return {
      sealed: range.subarray(at, at + entry.sealedLength),
      frameKey: await this.#frameKey(birth),
      salt: birth.salt,
      ordinal: entry.ordinal,
      codec: entry.codec,
      plainLength: entry.plainLength,
      ids: ids.slice(from * 32, to * 32),
      lengths: lengths.slice(from, to),
      name: `${key}, frame ${frame}`,
    };
  }

  #frameKey(birth: KnownPack['table']['births'][number]): Promise<Uint8Array> {
    const name = Buffer.from(birth.salt).toString('latin1');
    let key = this.#frameKeys.get(name);
    if (key === undefined) {
      const domain = Buffer.from(this.#o.domain.id, 'hex');
      key = this.#o.epochs
        .privateKey(Buffer.from(birth.epoch).toString('hex'))
        .then((privateKey) => openBirth(birth, domain, privateKey));
      this.#frameKeys.set(name, key);
    }
    return key;
  }
}

/** The bytes in a buffer that holds nothing else, so that it can be transferred: small Buffers share one. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
  return whole ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes);
}

function birthOf({ pack, frame }: Wanted): KnownPack['table']['births'][number] {
  const { births, frames } = pack.table;
  return births[frames[frame]?.birth as number] as (typeof births)[number];
}

function offsetOf({ pack, frame }: Wanted): number {
  return pack.table.frames[frame]?.offset ?? 0;
}

function endOf(wanted: Wanted): number {
  return offsetOf(wanted) + (wanted.pack.table.frames[wanted.frame]?.sealedLength ?? 0);
}

function compare(a: Wanted, b: Wanted): number {
  if (a.pack !== b.pack) return a.pack.name < b.pack.name ? -1 : 1;
  return offsetOf(a) - offsetOf(b);
}

function cutShort(key: string): never {
  return fail({
    code: 'PACK_DAMAGED',
    message: `${key} is damaged: it is cut short`,
    origin: 'repository',
    permanent: true,
    hint: 'another target may hold an intact copy of it',
  });
}
