import type { Codec } from '../contract/index.ts';
import { fail } from '../contract/index.ts';
import type { ChunkIndex, Slot } from '../repository/chunk-index.ts';
import { createBirth, openFrame, sealFrame } from '../repository/frame.ts';
import { PackWriter } from '../repository/pack.ts';
import { book, type Counters } from './counters.ts';
import { ExternalMemory } from './external-memory.ts';
import type { Group, SealedPack, StoreSetup } from './messages.ts';

/** Chunks at least this large are a frame of their own; smaller ones are gathered up to GROUP_BYTES. */
const LARGE_CHUNK = 512 * 1024;
const GROUP_BYTES = 1024 * 1024;
const GROUPS: readonly Group[] = ['data', 'page'];
const UNCOMPRESSED = 0;
/** Tags and table rows of the three frames that may still be open when a pack is to be sealed; bytes, generously. */
const FRAME_MARGIN = 512;

interface Gathering {
  readonly bytes: Uint8Array;
  used: number;
  readonly ids: Uint8Array[];
  readonly lengths: number[];
  readonly slots: Slot[];
}

interface OpenPack {
  readonly number: number;
  readonly writer: PackWriter;
  readonly birth: number;
  readonly salt: Uint8Array;
  readonly frameKey: Uint8Array;
}

export interface FrameBuilderOptions {
  readonly setup: StoreSetup;
  readonly index: ChunkIndex;
  readonly codec: Codec;
  readonly codecId: number;
  /** A buffer for the next pack; may block. */
  takeBuffer(): ArrayBuffer;
  /** Hands a sealed pack on; the buffer behind it is gone afterwards. */
  deliver(pack: SealedPack): void;
}

/**
 * Gathers new chunks into frames and frames into packs.
 *
 * Every frame is opened again as soon as it is sealed, and compared with the plaintext still held: a compressor or cipher that
 * went wrong is found before anything leaves this thread.
 */
export class FrameBuilder {
  readonly #o: FrameBuilderOptions;
  readonly #groups: Record<Group, Gathering>;
  readonly #memory = new ExternalMemory();
  #pack: OpenPack | undefined;

  constructor(options: FrameBuilderOptions) {
    this.#o = options;
    this.#groups = { data: gathering(), page: gathering() };
  }

  /** The number of the pack that a chunk of `length` bytes would go to; seals the open one when it might not fit. */
  packFor(length: number, counters: Counters): number {
    const pending = this.#groups.data.used + this.#groups.page.used;
    const chunks = this.#groups.data.slots.length + this.#groups.page.slots.length;
    if (this.#pack !== undefined && !this.#pack.writer.fits(pending + length + FRAME_MARGIN, chunks + 1))
      this.flush(counters, true);
    this.#pack ??= this.#open();
    return this.#pack.number;
  }

  /** Takes a chunk that `packFor` was asked about and that this worker claimed. Copies it, or seals it at once. */
  add(group: Group, chunk: Uint8Array, id: Uint8Array, slot: Slot, counters: Counters): void {
    counters.newChunks++;
    counters.newBytes += chunk.length;
    if (chunk.length >= LARGE_CHUNK) {
      this.#seal(chunk, [id], [chunk.length], [slot], counters);
      return;
    }
    const gathered = this.#groups[group];
    if (gathered.used + chunk.length > GROUP_BYTES) this.#sealGroup(gathered, counters);
    gathered.bytes.set(chunk, gathered.used);
    gathered.used += chunk.length;
    gathered.ids.push(id);
    gathered.lengths.push(chunk.length);
    gathered.slots.push(slot);
  }

  /** Seals what is gathered; with `pack`, also the open pack. */
  flush(counters: Counters, pack: boolean): void {
    for (const group of GROUPS) this.#sealGroup(this.#groups[group], counters);
    const open = this.#pack;
    if (!pack || open === undefined || open.writer.frameCount === 0) return;
    this.#pack = undefined;
    const startedAt = performance.now();
    const { bytes, name, table } = open.writer.seal();
    book(counters.stages.checksum, startedAt, bytes.length, bytes.length);
    this.#o.deliver({ pack: open.number, name, bytes, table });
  }

  #open(): OpenPack {
    const { setup, index } = this.#o;
    const writer = new PackWriter({ domain: setup.domain, indexKey: setup.indexKey, buffer: this.#o.takeBuffer() });
    const { birth, frameKey } = createBirth({
      domain: setup.domain,
      epoch: setup.epoch,
      epochPublicKey: setup.epochPublicKey,
    });
    return { number: index.nextPack(), writer, birth: writer.addBirth(birth), salt: birth.salt, frameKey };
  }

  #sealGroup(group: Gathering, counters: Counters): void {
    if (group.used === 0) return;
    this.#seal(group.bytes.subarray(0, group.used), group.ids, group.lengths, group.slots, counters);
    group.used = 0;
    group.ids.length = 0;
    group.lengths.length = 0;
    group.slots.length = 0;
  }

  #seal(plain: Uint8Array, ids: Uint8Array[], lengths: number[], slots: Slot[], counters: Counters): void {
    const pack = this.#pack;
    if (pack === undefined) throw new Error('a frame was sealed without a pack');
    const chunks = { ids: joined(ids), lengths: Uint32Array.from(lengths) };
    const { encoded, codec } = this.#encode(plain, counters);
    const frame = {
      domain: this.#o.setup.domain,
      salt: pack.salt,
      ordinal: pack.writer.frameCount,
      codec,
      plainLength: plain.length,
      chunks,
    };
    const startedAt = performance.now();
    const sealed = sealFrame(pack.frameKey, { ...frame, encoded });
    book(counters.stages.encrypt, startedAt, encoded.length, sealed.length);
    this.#verify(pack, frame, sealed, plain, counters);
    const number = pack.writer.append({ ...frame, birth: pack.birth, sealed });
    counters.frames++;
    this.#memory.released(plain.length + 3 * sealed.length);
    counters.storedBytes += sealed.length;
    let offset = 0;
    for (let i = 0; i < slots.length; i++) {
      const length = lengths[i] as number;
      this.#o.index.place(slots[i] as Slot, number, offset, length);
      offset += length;
    }
  }

  #encode(plain: Uint8Array, counters: Counters): { encoded: Uint8Array; codec: number } {
    if (this.#o.codecId === UNCOMPRESSED) return { encoded: plain, codec: UNCOMPRESSED };
    const startedAt = performance.now();
    const encoded = this.#o.codec.encode(plain);
    const smaller = encoded.length < plain.length;
    book(counters.stages.compress, startedAt, plain.length, smaller ? encoded.length : plain.length);
    return smaller ? { encoded, codec: this.#o.codecId } : { encoded: plain, codec: UNCOMPRESSED };
  }

  #verify(
    pack: OpenPack,
    frame: Omit<Parameters<typeof openFrame>[1], 'sealed'>,
    sealed: Uint8Array,
    plain: Uint8Array,
    counters: Counters,
  ): void {
    const startedAt = performance.now();
    const encoded = openFrame(pack.frameKey, { ...frame, sealed });
    const opened = frame.codec === UNCOMPRESSED ? encoded : this.#o.codec.decode(encoded, plain.length);
    const same = Buffer.compare(opened, plain) === 0;
    book(counters.stages.verify, startedAt, sealed.length, opened.length);
    if (!same) {
      fail({
        code: 'SEAL_MISMATCH',
        message: 'a frame did not open to what was sealed in it; nothing of it was stored',
        origin: 'agent',
        permanent: false,
        hint: 'the memory or processor of this host may be faulty: test it before trusting its backups',
      });
    }
  }
}

function gathering(): Gathering {
  return { bytes: new Uint8Array(GROUP_BYTES), used: 0, ids: [], lengths: [], slots: [] };
}

function joined(ids: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(ids.length * 32);
  for (let i = 0; i < ids.length; i++) all.set(ids[i] as Uint8Array, i * 32);
  return all;
}
