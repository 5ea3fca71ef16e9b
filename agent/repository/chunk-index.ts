import { fail } from '../contract/index.ts';

const HEADER_WORDS = 64;
const SLOT_WORDS = 8;
const EMPTY = 0;
const BUSY = 1;
const FIRST_PACK = 2;
const SMALLEST_LEVEL = 1 << 15;
/** An index that grows has at least two levels, and as many as it takes to have so many slots: 256 MiB. */
const FEWEST_SLOTS = 255 * SMALLEST_LEVEL;
const LOAD_LIMIT = 0.7;
/** Word 0 of the header: the level that takes new chunks. Word 1: the next pack number. Word 2: slots of level 0. Word 3: how many levels there are. Words 8…: chunks in each level. */
const TOP_LEVEL = 0;
const NEXT_PACK = 1;
const BASE_SLOTS = 2;
const LEVELS = 3;
const COUNTS = 8;

/** A slot's number, as `claim` and `find` return it; negative numbers mean: not there. */
export type Slot = number;

/** What `claim` found: `fresh` when the chunk was not known and is now this pack's to store. */
export interface Claim {
  readonly slot: Slot;
  readonly fresh: boolean;
}

/**
 * Where each chunk lies, in memory shared by all workers: open addressing, 32 bytes a slot, no object per chunk.
 *
 * A slot holds the first 16 bytes of the chunk id (ids are keyed and 32 bytes long; whoever reads a chunk re-hashes it in full),
 * the number of its pack, the frame in that pack, and offset and length in the plaintext of the frame. A slot that is claimed
 * but not yet placed has its pack number only: what it names becomes durable with that pack, and a commit waits for it.
 *
 * The table grows by levels, each twice the one before and touched only when used; nothing is ever moved or removed, so a slot
 * number stays good for the life of the index. Two workers that claim one chunk at the moment a level fills up may both store
 * it: harmless, and rare.
 */
export class ChunkIndex {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #baseSlots: number;
  readonly #levels: number;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
    this.#baseSlots = Atomics.load(this.#words, BASE_SLOTS);
    this.#levels = Atomics.load(this.#words, LEVELS);
  }

  /**
   * An empty index whose first level has room for `expected` chunks; for writing, with levels above for at least twice as many
   * more. Untouched levels cost address space, not memory; but a system grants no more of that than it has memory (Linux,
   * vm.overcommit_memory 0), so there are no more of them than a run may need. `MEMORY_SHORT` when it does not grant so much.
   */
  static create(expected: number, use: 'write' | 'read' = 'write'): ChunkIndex {
    let base = SMALLEST_LEVEL;
    while (base * LOAD_LIMIT < expected * 1.1) base *= 2;
    let levels = use === 'read' ? 1 : 2;
    while (use === 'write' && base * (2 ** levels - 1) < FEWEST_SLOTS) levels++;
    const buffer = allocated((HEADER_WORDS + base * (2 ** levels - 1) * SLOT_WORDS) * 4, expected);
    const words = new Int32Array(buffer);
    words[BASE_SLOTS] = base;
    words[LEVELS] = levels;
    return new ChunkIndex(buffer);
  }

  /** A number for a pack that is about to be built or was found in the repository. */
  nextPack(): number {
    return Atomics.add(this.#words, NEXT_PACK, 1);
  }

  get chunks(): number {
    let sum = 0;
    for (let level = 0; level < this.#levels; level++) sum += Atomics.load(this.#words, COUNTS + level);
    return sum;
  }

  /** The slot of the chunk whose id starts at `ids[at]`, or -1. */
  find(ids: Uint8Array, at = 0): Slot {
    const a = word(ids, at);
    const b = word(ids, at + 4);
    const c = word(ids, at + 8);
    const d = word(ids, at + 12);
    for (let level = Atomics.load(this.#words, TOP_LEVEL); level >= 0; level--) {
      const slot = this.#probe(level, a, b, c, d);
      if (slot >= 0) return slot;
    }
    return -1;
  }

  /** Finds the chunk, or claims it for the pack numbered `pack`. Safe to call from many threads at once. */
  claim(ids: Uint8Array, at: number, pack: number): Claim {
    const known = this.find(ids, at);
    if (known >= 0) return { slot: known, fresh: false };
    const a = word(ids, at);
    const b = word(ids, at + 4);
    const c = word(ids, at + 8);
    const d = word(ids, at + 12);
    const level = this.#levelWithRoom();
    const slots = this.#baseSlots * 2 ** level;
    const mask = slots - 1;
    const first = this.#baseSlots * (2 ** level - 1);
    for (let i = a & mask; ; i = (i + 1) & mask) {
      const at = this.#wordOf(first + i);
      const state = this.#settled(at);
      if (state === EMPTY) {
        if (Atomics.compareExchange(this.#words, at + 4, EMPTY, BUSY) !== EMPTY) {
          i = (i - 1) & mask;
          continue;
        }
        this.#write(at, a, b, c, d);
        Atomics.store(this.#words, at + 4, pack + FIRST_PACK);
        Atomics.add(this.#words, COUNTS + level, 1);
        return { slot: first + i, fresh: true };
      }
      if (this.#holds(at, a, b, c, d)) return { slot: first + i, fresh: false };
    }
  }

  /** Says where in its pack a claimed chunk lies: frame number, offset and length in the frame's plaintext. */
  place(slot: Slot, frame: number, offset: number, length: number): void {
    const at = this.#wordOf(slot);
    this.#words[at + 6] = offset;
    this.#words[at + 7] = length;
    Atomics.store(this.#words, at + 5, frame + 1);
  }

  packOf(slot: Slot): number {
    return Atomics.load(this.#words, this.#wordOf(slot) + 4) - FIRST_PACK;
  }
  /** -1 while the chunk is claimed but its frame is not sealed. */
  frameOf(slot: Slot): number {
    return Atomics.load(this.#words, this.#wordOf(slot) + 5) - 1;
  }
  offsetOf(slot: Slot): number {
    return this.#words[this.#wordOf(slot) + 6] as number;
  }
  lengthOf(slot: Slot): number {
    return this.#words[this.#wordOf(slot) + 7] as number;
  }

  #wordOf(slot: Slot): number {
    return HEADER_WORDS + slot * SLOT_WORDS;
  }

  #probe(level: number, a: number, b: number, c: number, d: number): Slot {
    const mask = this.#baseSlots * 2 ** level - 1;
    const first = this.#baseSlots * (2 ** level - 1);
    for (let i = a & mask; ; i = (i + 1) & mask) {
      const at = this.#wordOf(first + i);
      if (this.#settled(at) === EMPTY) return -1;
      if (this.#holds(at, a, b, c, d)) return first + i;
    }
  }

  // A slot is busy only for the few stores between a claim's exchange and its publication.
  #settled(at: number): number {
    let state = Atomics.load(this.#words, at + 4);
    for (let spins = 0; state === BUSY; spins++) {
      if (spins > 100_000_000) {
        fail({
          code: 'INDEX_STUCK',
          message: 'a worker died while it was writing to the shared chunk index',
          origin: 'agent',
          permanent: false,
          hint: 'run the job again',
        });
      }
      state = Atomics.load(this.#words, at + 4);
    }
    return state;
  }

  #holds(at: number, a: number, b: number, c: number, d: number): boolean {
    const w = this.#words;
    return w[at] === a && w[at + 1] === b && w[at + 2] === c && w[at + 3] === d;
  }

  #write(at: number, a: number, b: number, c: number, d: number): void {
    const w = this.#words;
    w[at] = a;
    w[at + 1] = b;
    w[at + 2] = c;
    w[at + 3] = d;
  }

  #levelWithRoom(): number {
    for (;;) {
      const level = Atomics.load(this.#words, TOP_LEVEL);
      const limit = this.#baseSlots * 2 ** level * LOAD_LIMIT;
      if (Atomics.load(this.#words, COUNTS + level) < limit) return level;
      if (level + 1 >= this.#levels) {
        fail({
          code: 'INDEX_FULL',
          message: `more new chunks in one run than the chunk index can hold (${this.chunks})`,
          origin: 'agent',
          permanent: false,
          hint: 'what was stored so far is kept: run the job again to go on from there',
        });
      }
      Atomics.compareExchange(this.#words, TOP_LEVEL, level, level + 1);
    }
  }
}

function allocated(bytes: number, chunks: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(bytes);
  } catch (error) {
    return fail(
      {
        code: 'MEMORY_SHORT',
        message: `the index of ${chunks} chunks takes ${Math.ceil(bytes / 2 ** 20)} MiB of memory, which the system does not give`,
        origin: 'agent',
        permanent: false,
        hint: 'give this host more memory or swap, or lift the limit of the process',
      },
      error,
    );
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
