import { type KeyObject, sign, verify } from 'node:crypto';
import { CURVE_KEY_BYTES, privateKeyObject, publicKeyObject, rawPrivateKey, rawPublicKey } from './curve-key.ts';
import { freshBytes } from './fresh-bytes.ts';

export const SIGNATURE_BYTES = 64;

/** An Ed25519 key pair (RFC 8032). */
export interface Signer {
  readonly publicKey: Uint8Array;
  /** The 32 secret bytes; to be stored, never to be shown. */
  readonly seed: Uint8Array;
  /** 64 bytes. */
  sign(bytes: Uint8Array): Uint8Array;
}

export function generateSigner(): Signer {
  return signerFrom(freshBytes(CURVE_KEY_BYTES));
}

/** Throws RangeError when the seed is not 32 bytes. */
export function signerFrom(seed: Uint8Array): Signer {
  return new Ed25519Signer(privateKeyObject('ed25519', seed));
}

/** False for anything that is not a good signature, keys and signatures of a wrong length included. */
export function verifySignature(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== CURVE_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  return verify(null, bytes, publicKeyObject('ed25519', publicKey), signature);
}

class Ed25519Signer implements Signer {
  readonly publicKey: Uint8Array;
  readonly #key: KeyObject;

  constructor(key: KeyObject) {
    this.#key = key;
    this.publicKey = rawPublicKey(key);
  }

  // A getter, so that printing or serialising a signer by mistake shows no secret.
  get seed(): Uint8Array {
    return rawPrivateKey(this.#key);
  }

  sign(bytes: Uint8Array): Uint8Array {
    return Uint8Array.from(sign(null, bytes, this.#key));
  }
}
