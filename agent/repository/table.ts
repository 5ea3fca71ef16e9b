import { damaged } from './damage.ts';
import { type Birth, ID_BYTES, MAX_FRAME_BYTES } from './frame.ts';
import { littleEndian, numbersOf } from './little-endian.ts';
import { HEADER_BYTES, MAX_OBJECT_BYTES } from './object.ts';

/** One frame as the table of its pack describes it. Offsets and lengths are in bytes. */
export interface PackFrame {
  readonly offset: number;
  readonly sealedLength: number;
  readonly plainLength: number;
  /** Index into the births of the table. */
  readonly birth: number;
  readonly ordinal: number;
  readonly codec: number;
  /** Index of the frame's first chunk among all chunks of the table. */
  readonly firstChunk: number;
  readonly chunkCount: number;
}

/** What a pack holds. `ids` is all chunks × 32 bytes, `lengths` their plaintext lengths. */
export interface PackTable {
  readonly births: readonly Birth[];
  readonly frames: readonly PackFrame[];
  readonly ids: Uint8Array;
  readonly lengths: Uint32Array;
}

const COUNTS_BYTES = 12;
export const BIRTH_BYTES = 160;
const FRAME_BYTES = 20;
const CHUNK_BYTES = ID_BYTES + 4;
const TAG_BYTES = 16;
export const MAX_BIRTHS = 2 ** 16 - 1;

/** The length of a table with so many of each. */
export function tableBytes(births: number, frames: number, chunks: number): number {
  return COUNTS_BYTES + births * BIRTH_BYTES + frames * FRAME_BYTES + chunks * CHUNK_BYTES;
}

/** Where the frames of a pack end: they lie back to back behind the header. */
export function framesEnd(table: PackTable): number {
  const last = table.frames.at(-1);
  return last === undefined ? HEADER_BYTES : last.offset + last.sealedLength;
}

/** births u32, frames u32, chunks u32 | births × 160 | frames × 20 | ids × 32 | lengths × 4. Offsets follow from the lengths. */
export function encodeTable(table: PackTable): Uint8Array {
  const { births, frames, ids, lengths } = table;
  const bytes = new Uint8Array(tableBytes(births.length, frames.length, lengths.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, births.length, true);
  view.setUint32(4, frames.length, true);
  view.setUint32(8, lengths.length, true);
  let at = COUNTS_BYTES;
  for (const birth of births) {
    bytes.set(encodeBirth(birth), at);
    at += BIRTH_BYTES;
  }
  for (const frame of frames) {
    view.setUint32(at, frame.sealedLength, true);
    view.setUint32(at + 4, frame.plainLength, true);
    view.setUint32(at + 8, frame.ordinal, true);
    view.setUint32(at + 12, frame.chunkCount, true);
    view.setUint16(at + 16, frame.birth, true);
    view.setUint8(at + 18, frame.codec);
    at += FRAME_BYTES;
  }
  bytes.set(ids, at);
  bytes.set(littleEndian(lengths), at + ids.length);
  return bytes;
}

/** TABLE_DAMAGED for every table that `encodeTable` could not have made of a real pack. */
export function decodeTable(bytes: Uint8Array): PackTable {
  if (bytes.length < COUNTS_BYTES) invalid('it is cut short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const births = view.getUint32(0, true);
  const frames = view.getUint32(4, true);
  const chunks = view.getUint32(8, true);
  // Three counts of 32 bits cannot add up past 2^53, so this is exact; and nothing was allocated for them yet.
  if (births > MAX_BIRTHS || bytes.length !== tableBytes(births, frames, chunks))
    invalid('its counts do not match its length');
  const idsAt = COUNTS_BYTES + births * BIRTH_BYTES + frames * FRAME_BYTES;
  const lengthsAt = idsAt + chunks * ID_BYTES;
  const lengths = numbersOf(bytes.subarray(lengthsAt));
  return {
    births: Array.from({ length: births }, (_, i) => decodeBirth(bytes, COUNTS_BYTES + i * BIRTH_BYTES)),
    frames: decodeFrames(view, COUNTS_BYTES + births * BIRTH_BYTES, frames, births, lengths),
    ids: bytes.slice(idsAt, lengthsAt),
    lengths,
  };
}

function decodeFrames(view: DataView, start: number, count: number, births: number, lengths: Uint32Array): PackFrame[] {
  const frames: PackFrame[] = [];
  let offset = HEADER_BYTES;
  let firstChunk = 0;
  for (let i = 0, at = start; i < count; i++, at += FRAME_BYTES) {
    const frame: PackFrame = {
      offset,
      sealedLength: view.getUint32(at, true),
      plainLength: view.getUint32(at + 4, true),
      ordinal: view.getUint32(at + 8, true),
      chunkCount: view.getUint32(at + 12, true),
      birth: view.getUint16(at + 16, true),
      codec: view.getUint8(at + 18),
      firstChunk,
    };
    if (view.getUint8(at + 19) !== 0) invalid('a reserved byte is set');
    if (frame.birth >= births) invalid('a frame names a birth that is not there');
    checkChunks(frame, lengths);
    offset += frame.sealedLength;
    firstChunk += frame.chunkCount;
    if (frame.sealedLength <= TAG_BYTES || offset > MAX_OBJECT_BYTES) invalid('a frame has an impossible length');
    frames.push(frame);
  }
  if (firstChunk !== lengths.length) invalid('its frames do not name all chunks');
  return frames;
}

function checkChunks({ plainLength, firstChunk, chunkCount }: PackFrame, lengths: Uint32Array): void {
  if (plainLength > MAX_FRAME_BYTES) invalid('a frame is larger than a frame can be');
  if (chunkCount === 0 || chunkCount > lengths.length - firstChunk) invalid('a frame names chunks that are not there');
  let sum = 0;
  for (let i = firstChunk; i < firstChunk + chunkCount; i++) {
    const length = lengths[i] ?? 0;
    if (length === 0) invalid('a chunk is empty');
    sum += length;
  }
  if (sum !== plainLength) invalid('the chunks of a frame do not add up to it');
}

/** salt 32 | epoch 16 | enc 32 | sealed key 48 | commitment 32. */
export function encodeBirth(birth: Birth): Uint8Array {
  const bytes = new Uint8Array(BIRTH_BYTES);
  bytes.set(birth.salt, 0);
  bytes.set(birth.epoch, 32);
  bytes.set(birth.enc, 48);
  bytes.set(birth.sealedKey, 80);
  bytes.set(birth.commitment, 128);
  return bytes;
}

/** `bytes` holds 160 bytes from `at`. */
export function decodeBirth(bytes: Uint8Array, at: number): Birth {
  const copy = bytes.slice(at, at + BIRTH_BYTES);
  return {
    salt: copy.subarray(0, 32),
    epoch: copy.subarray(32, 48),
    enc: copy.subarray(48, 80),
    sealedKey: copy.subarray(80, 128),
    commitment: copy.subarray(128),
  };
}

function invalid(reason: string): never {
  damaged('TABLE_DAMAGED', `The table of a pack is damaged: ${reason}.`);
}
