import { damaged } from './damage.ts';
import { littleEndian } from './little-endian.ts';

/**
 * The frames that a snapshot needs, named by birth and by ordinal in that birth: a frame that is moved to another pack keeps
 * both, so that moving it does not touch the snapshots that need it.
 */
export interface References {
  readonly births: readonly BirthReferences[];
}

export interface BirthReferences {
  /** 32 bytes, the name of the birth. */
  readonly salt: Uint8Array;
  /** Strictly ascending, at least one. */
  readonly ordinals: Uint32Array;
}

const SALT_BYTES = 32;
const SMALLEST_BIRTH = SALT_BYTES + 4 + 1;
const MAX_VARINT_BYTES = 5;
const MAX_ORDINAL = 2 ** 32 - 1;

/**
 * births u32, then by ascending salt: salt 32 | ordinals u32 | the first ordinal, then each distance to the one before less
 * one, as LEB128. Births may come in any order; ordinals must ascend (RangeError).
 */
export function encodeReferences({ births }: References): Uint8Array {
  const parts: Uint8Array[] = [littleEndian(Uint32Array.of(births.length))];
  for (const { salt, ordinals } of births.toSorted((a, b) => Buffer.compare(a.salt, b.salt))) {
    parts.push(salt, littleEndian(Uint32Array.of(ordinals.length)), encodeOrdinals(ordinals));
  }
  return new Uint8Array(Buffer.concat(parts));
}

function encodeOrdinals(ordinals: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(ordinals.length * MAX_VARINT_BYTES);
  let at = 0;
  let next = 0;
  for (const ordinal of ordinals) {
    if (ordinal < next) throw new RangeError('The ordinals of a birth must ascend');
    let rest = ordinal - next;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 0x80;
    bytes[at++] = rest;
    next = ordinal + 1;
  }
  return bytes.subarray(0, at);
}

/** OBJECT_DAMAGED for what `encodeReferences` would not have written. `key` is named in the message. */
export function decodeReferences(bytes: Uint8Array, key: string): References {
  const reader = new ReferenceReader(bytes, key);
  const count = reader.u32();
  // Checked against what is there before anything is made of it, here and for each birth.
  if (count > bytes.length / SMALLEST_BIRTH) reader.refuse('a count is larger than what there is');
  const births: BirthReferences[] = [];
  for (let i = 0; i < count; i++) {
    const birth = reader.birth();
    const previous = births.at(-1);
    if (previous !== undefined && Buffer.compare(previous.salt, birth.salt) >= 0)
      reader.refuse('births are not in order');
    births.push(birth);
  }
  reader.end();
  return { births };
}

class ReferenceReader {
  readonly #bytes: Uint8Array;
  readonly #key: string;
  #at = 0;

  constructor(bytes: Uint8Array, key: string) {
    this.#bytes = bytes;
    this.#key = key;
  }

  birth(): BirthReferences {
    const salt = this.#take(SALT_BYTES).slice();
    const count = this.u32();
    if (count === 0 || count > this.#bytes.length - this.#at) this.refuse('a count is not that of its ordinals');
    const ordinals = new Uint32Array(count);
    let next = 0;
    for (let i = 0; i < count; i++) {
      const ordinal = next + this.#varint();
      if (ordinal > MAX_ORDINAL) this.refuse('an ordinal is too large');
      ordinals[i] = ordinal;
      next = ordinal + 1;
    }
    return { salt, ordinals };
  }

  u32(): number {
    const bytes = this.#take(4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  }

  end(): void {
    if (this.#at !== this.#bytes.length) this.refuse('there is more behind their end');
  }

  refuse(reason: string): never {
    damaged('OBJECT_DAMAGED', `${this.#key} is damaged: its references cannot be read: ${reason}.`);
  }

  /** At most five bytes, and no more than the value needs. */
  #varint(): number {
    let value = 0;
    for (let i = 0, scale = 1; i < MAX_VARINT_BYTES; i++, scale *= 128) {
      const byte = this.#bytes[this.#at++] ?? this.refuse('they are cut short');
      value += (byte & 0x7f) * scale;
      if (byte > 0x7f) continue;
      return byte === 0 && i > 0 ? this.refuse('a number is longer than it needs to be') : value;
    }
    return this.refuse('a number is too long');
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) this.refuse('they are cut short');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
