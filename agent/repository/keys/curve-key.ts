import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

export type Curve = 'x25519' | 'ed25519';
/** Private keys (seeds, for Ed25519) and public keys of both curves. */
export const CURVE_KEY_BYTES = 32;

// Node 24 takes raw keys only inside DER. These are all the bytes before the key itself (RFC 8410, sections 4 and 7).
const SPKI: Readonly<Record<Curve, Buffer>> = {
  x25519: Buffer.from('302a300506032b656e032100', 'hex'),
  ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
};
const PKCS8: Readonly<Record<Curve, Buffer>> = {
  x25519: Buffer.from('302e020100300506032b656e04220420', 'hex'),
  ed25519: Buffer.from('302e020100300506032b657004220420', 'hex'),
};

/** Throws RangeError when `raw` is not 32 bytes. Whether they are a point that may be used shows only when it is used. */
export function publicKeyObject(curve: Curve, raw: Uint8Array): KeyObject {
  return createPublicKey({ key: wrap(SPKI[curve], raw), format: 'der', type: 'spki' });
}

export function privateKeyObject(curve: Curve, raw: Uint8Array): KeyObject {
  const key = wrap(PKCS8[curve], raw);
  try {
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  } finally {
    key.fill(0);
  }
}

/** The 32 raw bytes of a public key, or those of the public half of a private key. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'der', type: 'spki' });
  return Uint8Array.from(spki.subarray(-CURVE_KEY_BYTES));
}

export function rawPrivateKey(key: KeyObject): Uint8Array {
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  try {
    return Uint8Array.from(pkcs8.subarray(-CURVE_KEY_BYTES));
  } finally {
    pkcs8.fill(0);
  }
}

function wrap(prefix: Buffer, raw: Uint8Array): Buffer {
  if (raw.length !== CURVE_KEY_BYTES) throw new RangeError(`A key has ${CURVE_KEY_BYTES} bytes, not ${raw.length}`);
  return Buffer.concat([prefix, raw]);
}
