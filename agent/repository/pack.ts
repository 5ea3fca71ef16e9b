import { createHash } from 'node:crypto';
import { fail } from '../contract/index.ts';
import { type Birth, type FrameChunks, ID_BYTES, MAX_FRAME_BYTES } from './frame.ts';
import { HEADER_BYTES, MAX_OBJECT_BYTES, objectHeader } from './object.ts';
import { SEALED_OVERHEAD } from './sealed.ts';
import { encodeTable, MAX_BIRTHS, type PackFrame, tableBytes } from './table.ts';
import { encodeTrailer, sealTable, TRAILER_BYTES } from './trailer.ts';

export type { PackFrame, PackTable } from './table.ts';
export { openTable, parseTrailer, TRAILER_BYTES, type Trailer } from './trailer.ts';

/** A frame to be put into a pack. `birth` is what `addBirth` returned. */
export interface NewFrame {
  readonly birth: number;
  readonly ordinal: number;
  readonly codec: number;
  readonly plainLength: number;
  readonly chunks: FrameChunks;
  readonly sealed: Uint8Array;
}

/** `bytes` is a view of the writer's buffer, `name` their SHA-256 in hex, `table` the encoded table, not sealed. */
export interface SealedPack {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly table: Uint8Array;
}

/**
 * One pack being built, in one buffer that the caller may use again once the bytes are elsewhere:
 * header | frames back to back | sealed table | trailer.
 */
export class PackWriter {
  readonly #domain: Uint8Array;
  readonly #indexKey: Uint8Array;
  readonly #bytes: Uint8Array;
  readonly #births: Birth[] = [];
  readonly #frames: PackFrame[] = [];
  #ids = new Uint8Array(1024 * ID_BYTES);
  #lengths = new Uint32Array(1024);
  #chunkCount = 0;
  #size = HEADER_BYTES;

  constructor(o: { domain: Uint8Array; indexKey: Uint8Array; buffer: ArrayBuffer }) {
    this.#domain = o.domain;
    this.#indexKey = o.indexKey;
    this.#bytes = new Uint8Array(o.buffer);
    this.#bytes.set(objectHeader('pack'));
  }

  get frameCount(): number {
    return this.#frames.length;
  }

  /** Bytes so far, without the table. */
  get size(): number {
    return this.#size;
  }

  /** Whether one more frame, of a birth that may be new, still fits. A frame that does not fit an empty pack never will. */
  fits(sealedLength: number, chunkCount: number): boolean {
    if (this.#births.length === MAX_BIRTHS) return false;
    const end = this.#size + sealedLength;
    return this.#sealedSize(end, 1, 1, chunkCount) <= Math.min(this.#bytes.length, MAX_OBJECT_BYTES);
  }

  /** The birth's index in this pack; a birth that is here already keeps its own. */
  addBirth(birth: Birth): number {
    const known = this.#births.findIndex((other) => Buffer.compare(other.salt, birth.salt) === 0);
    return known >= 0 ? known : this.#births.push(birth) - 1;
  }

  /** The frame's index in the pack. Takes copies of everything. */
  append(frame: NewFrame): number {
    const { birth, ordinal, codec, plainLength, chunks, sealed } = frame;
    const chunkCount = chunks.lengths.length;
    if (chunkCount === 0 || plainLength > MAX_FRAME_BYTES || this.#births[birth] === undefined)
      misused('describes no frame');
    if (this.#sealedSize(this.#size + sealed.length, 0, 1, chunkCount) > this.#bytes.length) misused('does not fit');
    const [offset, firstChunk] = [this.#size, this.#chunkCount];
    this.#bytes.set(sealed, offset);
    this.#size += sealed.length;
    this.#addChunks(chunks);
    const { length: sealedLength } = sealed;
    return this.#frames.push({ offset, sealedLength, plainLength, birth, ordinal, codec, firstChunk, chunkCount }) - 1;
  }

  /** Ends the pack; nothing may be appended afterwards. */
  seal(): SealedPack {
    const ids = this.#ids.subarray(0, this.#chunkCount * ID_BYTES);
    const lengths = this.#lengths.subarray(0, this.#chunkCount);
    const table = encodeTable({ births: this.#births, frames: this.#frames, ids, lengths });
    const sealed = sealTable(this.#indexKey, this.#domain, table);
    const end = this.#size + sealed.length + TRAILER_BYTES;
    this.#bytes.set(sealed, this.#size);
    this.#bytes.set(encodeTrailer(sealed.length, end), this.#size + sealed.length);
    const bytes = this.#bytes.subarray(0, end);
    return { bytes, name: createHash('sha256').update(bytes).digest('hex'), table };
  }

  #sealedSize(end: number, moreBirths: number, moreFrames: number, moreChunks: number): number {
    const births = this.#births.length + moreBirths;
    const frames = this.#frames.length + moreFrames;
    return end + SEALED_OVERHEAD + tableBytes(births, frames, this.#chunkCount + moreChunks) + TRAILER_BYTES;
  }

  #addChunks({ ids, lengths }: FrameChunks): void {
    const count = this.#chunkCount + lengths.length;
    if (count > this.#lengths.length) {
      const room = Math.max(count, this.#lengths.length * 2);
      const [oldIds, oldLengths] = [this.#ids, this.#lengths];
      this.#ids = new Uint8Array(room * ID_BYTES);
      this.#lengths = new Uint32Array(room);
      this.#ids.set(oldIds);
      this.#lengths.set(oldLengths);
    }
    this.#ids.set(ids, this.#chunkCount * ID_BYTES);
    this.#lengths.set(lengths, this.#chunkCount);
    this.#chunkCount = count;
  }
}

function misused(how: string): never {
  fail({ code: 'PACK_MISUSED', message: `What was to be put into a pack ${how}.`, origin: 'agent', permanent: true });
}
