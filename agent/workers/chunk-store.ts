import { createHmac } from 'node:crypto';
import type { Chunker } from '../contract/index.ts';
import type { ChunkIndex } from '../repository/chunk-index.ts';
import { book, type Counters } from './counters.ts';
import { cutLength } from './cutting.ts';
import type { FrameBuilder } from './frame-builder.ts';
import type { ChunkRefs, Group } from './messages.ts';

const ID_BYTES = 32;
export const REF_BYTES = ID_BYTES + 4;

/** A list of chunk references that grows; `take` hands it out and starts a new one. */
export class RefList {
  #refs = new Uint8Array(64 * REF_BYTES);
  #slots = new Uint32Array(64);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  push(id: Uint8Array, length: number, slot: number): void {
    if (this.#count === this.#slots.length) this.#grow();
    const at = this.#count * REF_BYTES;
    this.#refs.set(id, at);
    new DataView(this.#refs.buffer).setUint32(at + ID_BYTES, length, true);
    this.#slots[this.#count] = slot;
    this.#count++;
  }

  /** Drops what was pushed after there were `count`. */
  truncate(count: number): void {
    this.#count = count;
  }

  take(): ChunkRefs {
    return { refs: this.#refs.slice(0, this.#count * REF_BYTES), slots: this.#slots.slice(0, this.#count) };
  }

  #grow(): void {
    const refs = new Uint8Array(this.#refs.length * 2);
    refs.set(this.#refs);
    this.#refs = refs;
    const slots = new Uint32Array(this.#slots.length * 2);
    slots.set(this.#slots);
    this.#slots = slots;
  }
}

/** Names a chunk and stores it unless it is known: the step from plaintext to a reference. */
export class ChunkStore {
  readonly #idKey: Uint8Array;
  readonly #index: ChunkIndex;
  readonly #frames: FrameBuilder;

  constructor(o: { idKey: Uint8Array; index: ChunkIndex; frames: FrameBuilder }) {
    this.#idKey = o.idKey;
    this.#index = o.index;
    this.#frames = o.frames;
  }

  store(group: Group, chunk: Uint8Array, into: RefList, counters: Counters): void {
    const startedAt = performance.now();
    const id = this.idOf(chunk);
    book(counters.stages.identify, startedAt, chunk.length, ID_BYTES);
    this.storeNamed(group, chunk, id, into, counters);
  }

  idOf(chunk: Uint8Array): Uint8Array {
    return createHmac('sha256', this.#idKey).update(chunk).digest();
  }

  /** Stores a chunk whose id is known. */
  storeNamed(group: Group, chunk: Uint8Array, id: Uint8Array, into: RefList, counters: Counters): void {
    counters.chunks++;
    counters.chunkBytes += chunk.length;
    into.push(id, chunk.length, this.#slotOf(group, chunk, id, counters));
  }

  #slotOf(group: Group, chunk: Uint8Array, id: Uint8Array, counters: Counters): number {
    const known = this.#index.find(id);
    if (known >= 0) return known;
    // The pack is settled before the claim, because the claim names it.
    const pack = this.#frames.packFor(chunk.length, counters);
    const { slot, fresh } = this.#index.claim(id, 0, pack);
    if (fresh) this.#frames.add(group, chunk, id, slot, counters);
    return slot;
  }
}

/** Cuts the next chunk off `window`, booking the time. */
export function cutChunk(chunker: Chunker, window: Uint8Array, end: boolean, counters: Counters): number {
  const startedAt = performance.now();
  const length = cutLength(chunker, window, end);
  book(counters.stages.chunk, startedAt, length, length);
  return length;
}
