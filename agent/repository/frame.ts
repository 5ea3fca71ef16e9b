import { createHash, timingSafeEqual } from 'node:crypto';
import { damaged, wrongKey } from './damage.ts';
import { aeadOpen, aeadSeal, deriveKey, KEY_BYTES, NONCE_BYTES } from './keys/aead.ts';
import { freshBytes } from './keys/fresh-bytes.ts';
import { hpkeOpen, hpkeSeal } from './keys/hpke.ts';
import { littleEndian } from './little-endian.ts';
import { FORMAT_VERSION, MAGIC, SUITE } from './object.ts';

export const ID_BYTES = 32;
/** The plaintext of a frame, and so a chunk, is at most this long: it bounds what a reader must hold to open one. */
export const MAX_FRAME_BYTES = 32 * 1024 * 1024;

/**
 * The keys of one pack: a data key that was made for it and forgotten, sealed to an epoch. Frames keep naming their birth
 * when they are moved to another pack, so moving them needs no key.
 */
export interface Birth {
  /** 32 random bytes; the name of the birth. */
  readonly salt: Uint8Array;
  /** 16 bytes. */
  readonly epoch: Uint8Array;
  /** HPKE encapsulation, 32 bytes. */
  readonly enc: Uint8Array;
  /** The data key, sealed: 48 bytes. */
  readonly sealedKey: Uint8Array;
  /** 32 bytes that no other data key has. */
  readonly commitment: Uint8Array;
}

/** The chunks of a frame, in order: `ids` is n × 32 bytes, `lengths` their n plaintext lengths, adding up to the frame's. */
export interface FrameChunks {
  readonly ids: Uint8Array;
  readonly lengths: Uint32Array;
}

/** All that a frame is bound to. */
export interface FrameContext {
  /** 16 bytes. */
  readonly domain: Uint8Array;
  /** Of the frame's birth. */
  readonly salt: Uint8Array;
  /** The frame's number in its birth: never used twice with one frame key, because it is the nonce. */
  readonly ordinal: number;
  readonly codec: number;
  readonly plainLength: number;
  readonly chunks: FrameChunks;
}

const SALT_BYTES = 32;
const MAX_ORDINAL = 2 ** 32 - 1;
const FRAME_LABEL = 'holdfast v1 frame';
const BIRTH_LABEL = Buffer.from('holdfast v1 birth', 'latin1');

/**
 * A fresh data key, HPKE-sealed to the epoch. Only `birth` is to be kept. `sealing`: all that is to be sealed with it, where that is
 * known already.
 */
export function createBirth(o: {
  domain: Uint8Array;
  epoch: Uint8Array;
  epochPublicKey: Uint8Array;
  sealing?: Uint8Array;
}): {
  birth: Birth;
  frameKey: Uint8Array;
} {
  const dataKey = freshBytes(KEY_BYTES, ...(o.sealing === undefined ? [] : [o.sealing]));
  // A name for as long as there are frames: another data key never has the same.
  const salt = freshBytes(SALT_BYTES, dataKey);
  try {
    const { enc, sealed } = hpkeSeal(o.epochPublicKey, BIRTH_LABEL, birthContext(o.domain, o.epoch, salt), dataKey);
    const { frameKey, commitment } = frameKeys(dataKey, salt);
    return { birth: { salt, epoch: o.epoch.slice(), enc, sealedKey: sealed, commitment }, frameKey };
  } finally {
    dataKey.fill(0);
  }
}

/**
 * The frame key of a birth. A birth stands in a table or snapshot that was authenticated before, so what does not open it is
 * a wrong key and not damage: WRONG_KEY.
 */
export function openBirth(birth: Birth, domain: Uint8Array, epochPrivateKey: Uint8Array): Uint8Array {
  const aad = birthContext(domain, birth.epoch, birth.salt);
  const dataKey = hpkeOpen(epochPrivateKey, birth.enc, BIRTH_LABEL, aad, birth.sealedKey);
  if (dataKey === undefined) return notForThisKey(birth);
  const { frameKey, commitment } = frameKeys(dataKey, birth.salt);
  dataKey.fill(0);
  return timingSafeEqual(commitment, birth.commitment) ? frameKey : notForThisKey(birth);
}

/** Seals a compressed frame. The caller counts ordinals up from 0 for each frame key and never seals two frames with one. */
export function sealFrame(frameKey: Uint8Array, o: FrameContext & { encoded: Uint8Array }): Uint8Array {
  return aeadSeal(frameKey, nonce(o.ordinal), o.encoded, frameAad(o));
}

/** The compressed frame; FRAME_DAMAGED when it, or anything of its context, is not what was sealed. */
export function openFrame(frameKey: Uint8Array, o: FrameContext & { sealed: Uint8Array }): Uint8Array {
  const encoded = aeadOpen(frameKey, nonce(o.ordinal), o.sealed, frameAad(o));
  if (encoded === undefined) damaged('FRAME_DAMAGED', `Frame ${o.ordinal} of birth ${short(o.salt)} is damaged.`);
  return encoded;
}

function frameKeys(dataKey: Uint8Array, salt: Uint8Array) {
  const derived = deriveKey(dataKey, salt, FRAME_LABEL, 2 * KEY_BYTES);
  return { frameKey: derived.slice(0, KEY_BYTES), commitment: derived.slice(KEY_BYTES) };
}

function birthContext(domain: Uint8Array, epoch: Uint8Array, salt: Uint8Array): Uint8Array {
  return Buffer.concat([domain, epoch, salt]);
}

function nonce(ordinal: number): Uint8Array {
  const bytes = new Uint8Array(NONCE_BYTES);
  new DataView(bytes.buffer).setUint32(8, ordinal);
  return bytes;
}

/** "HFST" ‖ version ‖ suite ‖ domain 16 ‖ salt 32 ‖ ordinal u32 ‖ SHA-256(codec u8, plain length u32, count u32, lengths, ids). */
function frameAad(o: FrameContext): Uint8Array {
  const count = o.chunks.lengths.length;
  const fits = o.domain.length === 16 && o.salt.length === 32 && o.chunks.ids.length === count * ID_BYTES;
  // An ordinal that ran over would be a nonce used twice.
  if (!fits || !(Number.isInteger(o.ordinal) && o.ordinal >= 0 && o.ordinal <= MAX_ORDINAL))
    throw new RangeError('A frame is described wrongly');
  const head = new Uint8Array(9);
  const view = new DataView(head.buffer);
  view.setUint8(0, o.codec);
  view.setUint32(1, o.plainLength, true);
  view.setUint32(5, count, true);
  const table = createHash('sha256').update(head).update(littleEndian(o.chunks.lengths)).update(o.chunks.ids).digest();
  const aad = new Uint8Array(90);
  aad.set(MAGIC);
  aad[4] = FORMAT_VERSION;
  aad[5] = SUITE;
  aad.set(o.domain, 6);
  aad.set(o.salt, 22);
  new DataView(aad.buffer).setUint32(54, o.ordinal, true);
  aad.set(table, 58);
  return aad;
}

function notForThisKey(birth: Birth): never {
  wrongKey(
    `Birth ${short(birth.salt)} of epoch ${Buffer.from(birth.epoch).toString('hex')} does not open with this key.`,
  );
}

function short(salt: Uint8Array): string {
  return Buffer.from(salt.subarray(0, 4)).toString('hex');
}
