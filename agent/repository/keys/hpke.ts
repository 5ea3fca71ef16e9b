import { createHmac, diffieHellman, type KeyObject } from 'node:crypto';
import { fail } from '../../contract/index.ts';
import { aeadOpen, aeadSeal, KEY_BYTES, NONCE_BYTES } from './aead.ts';
import { CURVE_KEY_BYTES, privateKeyObject, publicKeyObject, rawPublicKey } from './curve-key.ts';
import { freshBytes } from './fresh-bytes.ts';

/*
 * Hybrid Public Key Encryption, RFC 9180: base mode, one message per encapsulation, with
 * DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001, AES-256-GCM 0x0002.
 */

/** Raw X25519 keys, 32 bytes each. */
export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

const EMPTY = Buffer.alloc(0);
const MODE_BASE = Buffer.of(0);
const KEM_SUITE = Buffer.from('KEM\x00\x20', 'latin1');
const HPKE_SUITE = Buffer.from('HPKE\x00\x20\x00\x01\x00\x02', 'latin1');
const VERSION = Buffer.from('HPKE-v1', 'latin1');
const PSK_ID_HASH = labeledExtract(HPKE_SUITE, EMPTY, 'psk_id_hash', EMPTY);

export function generateKeyPair(): KeyPair {
  const privateKey = freshBytes(CURVE_KEY_BYTES);
  return { publicKey: publicKeyOf(privateKey), privateKey };
}

/** The public key that belongs to a private one. */
export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  return rawPublicKey(privateKeyObject('x25519', privateKey));
}

/**
 * Seals to `publicKey`: `enc` (32 bytes) and `sealed` (plaintext and 16 bytes). KEY_DAMAGED when the public key is not one that
 * can be sealed to: a point of low order, with which anyone could open the message.
 */
export function hpkeSeal(
  publicKey: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): { enc: Uint8Array; sealed: Uint8Array } {
  // Bound to all that is sealed: one ephemeral key for two messages would be one key and nonce for both.
  const ephemeral = ephemeralKey(publicKey, info, aad, plaintext);
  const enc = rawPublicKey(ephemeral);
  const dh = publicKey.length === CURVE_KEY_BYTES ? sharedPoint(ephemeral, publicKey) : undefined;
  if (dh === undefined) return unusable();
  const { key, nonce } = keySchedule(dh, enc, publicKey, info);
  try {
    return { enc, sealed: aeadSeal(key, nonce, plaintext, aad) };
  } finally {
    key.fill(0);
  }
}

/** The plaintext, or undefined when `sealed` was not sealed to this key with this `info` and `aad`, or was changed. */
export function hpkeOpen(
  privateKey: Uint8Array,
  enc: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  const recipient = privateKeyObject('x25519', privateKey);
  const dh = enc.length === CURVE_KEY_BYTES ? sharedPoint(recipient, enc) : undefined;
  if (dh === undefined) return undefined;
  const { key, nonce } = keySchedule(dh, enc, rawPublicKey(recipient), info);
  try {
    return aeadOpen(key, nonce, sealed, aad);
  } finally {
    key.fill(0);
  }
}

function ephemeralKey(...bound: Uint8Array[]): KeyObject {
  const seed = freshBytes(CURVE_KEY_BYTES, ...bound);
  try {
    return privateKeyObject('x25519', seed);
  } finally {
    seed.fill(0);
  }
}

/** Undefined when the shared secret is all zero (RFC 9180, section 7.1.4): OpenSSL refuses, and we do not rely on it. */
function sharedPoint(privateKey: KeyObject, publicKey: Uint8Array): Buffer | undefined {
  let dh: Buffer;
  try {
    dh = diffieHellman({ privateKey, publicKey: publicKeyObject('x25519', publicKey) });
  } catch {
    return undefined;
  }
  return dh.some((byte) => byte !== 0) ? dh : undefined;
}

/** Sections 4.1 (ExtractAndExpand) and 5.1 (KeySchedule); the nonce is that of sequence number 0. Wipes `dh`. */
function keySchedule(dh: Buffer, enc: Uint8Array, publicKey: Uint8Array, info: Uint8Array) {
  const extracted = labeledExtract(KEM_SUITE, EMPTY, 'eae_prk', dh);
  const shared = labeledExpand(KEM_SUITE, extracted, 'shared_secret', Buffer.concat([enc, publicKey]), 32);
  const context = Buffer.concat([MODE_BASE, PSK_ID_HASH, labeledExtract(HPKE_SUITE, EMPTY, 'info_hash', info)]);
  const secret = labeledExtract(HPKE_SUITE, shared, 'secret', EMPTY);
  const key = labeledExpand(HPKE_SUITE, secret, 'key', context, KEY_BYTES);
  const nonce = labeledExpand(HPKE_SUITE, secret, 'base_nonce', context, NONCE_BYTES);
  for (const used of [dh, extracted, shared, secret]) used.fill(0);
  return { key, nonce };
}

/** HKDF-Extract of a labelled input, section 4. */
function labeledExtract(suite: Buffer, salt: Uint8Array, label: string, input: Uint8Array): Buffer {
  return createHmac('sha256', salt).update(VERSION).update(suite).update(label, 'latin1').update(input).digest();
}

/** HKDF-Expand with a labelled info, section 4. One block of SHA-256 is all that this suite needs: `length` ≤ 32. */
function labeledExpand(suite: Buffer, secret: Uint8Array, label: string, info: Uint8Array, length: number): Buffer {
  const block = createHmac('sha256', secret)
    .update(Buffer.of(length >>> 8, length & 0xff))
    .update(VERSION)
    .update(suite)
    .update(label, 'latin1')
    .update(info)
    .update(Buffer.of(1))
    .digest();
  return block.subarray(0, length);
}

function unusable(): never {
  fail({
    code: 'KEY_DAMAGED',
    message: 'The X25519 public key to seal to is not a usable one.',
    origin: 'key',
    permanent: true,
    hint: 'Make a new epoch; do not use keys from a place that others can write to.',
  });
}
